"""What is mutated, by which tests it must be noticed, and how: Cosmic Ray's operators, drawn by a seed."""

import ast
import csv
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ROOT = Path(__file__).parents[2]
OPERATORS = (
    "NumberReplacer",
    *(
        f"ReplaceComparisonOperator_{turn}"
        for turn in (
            "Eq_NotEq",
            "NotEq_Eq",
            "Lt_LtE",
            "LtE_Lt",
            "Gt_GtE",
            "GtE_Gt",
            "Lt_GtE",
            "LtE_Gt",
            "Gt_LtE",
            "GtE_Lt",
        )
    ),
    *(f"ReplaceComparisonOperator_{turn}" for turn in ("Is_IsNot", "IsNot_Is")),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot", "ReplaceUnaryOperator_Delete_Not"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *(
        f"ReplaceBinaryOperator_{turn}"
        for turn in ("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Mul", "Mod_Add")
    ),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
)
"""A comparison turned, a number moved by one, an `and` for an `or`, a condition denied, a loop left out.

Others of Cosmic Ray's are left out: they say the same again, or what mypy refuses (`|` between types).
"""
AREAS = ("contracts", "registration", "archives", "outreach", "reporting", "feeds")


def list_modules(area: str) -> list[Path]:
    """Return the pure modules of an area: `domain` and `intake` of a service, what it says; or what all share."""
    if area == "contracts":
        found = [*(ROOT / "contracts").glob("*.py"), *(ROOT / "contracts/reference").glob("*.py")]
    else:
        rooms = [*(ROOT / "services" / area / room for room in ("domain", "intake")), ROOT / "contracts" / area]
        found = [path for room in rooms for path in room.rglob("*.py")]
    return sorted(path for path in found if path.name != "__init__.py")


def list_tests(area: str) -> list[Path]:
    """Return the tests that belong to an area, all without a server."""
    if area == "contracts":
        return [ROOT / "tests/unit/contracts", ROOT / "tests/contract"]
    own = ROOT / "tests/unit/contracts" / area
    return [ROOT / "tests/unit" / area, *([own] if own.exists() else [])]


def list_naming(modules: Iterable[Path], area: str) -> list[Path]:
    """Return the files of an area's tests that import one of its modules; if none does, that import what does."""
    names = {_name(module) for module in modules}
    others = {_name(module): module.read_text() for module in list_modules(area)}
    files = [file for room in list_tests(area) for file in sorted(room.rglob("test_*.py"))]
    while True:
        if found := [file for file in files if any(name in file.read_text() for name in names)]:
            return found
        further = {other for other, text in others.items() if any(name in text for name in names)} - names
        if not further:
            return []
        names |= further


def _name(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts)


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    path: Path
    text: str = field(repr=False)
    operator: str
    occurrence: int
    line: int
    column: int
    inside: bool
    """Whether it is inside a function: else the module is imported anew, with all that it is imported by."""

    @cached_property
    def source(self) -> str:
        """Return the module's text with the change."""
        changed = mutate_code(self.text, OperatorProvider()[self.operator](), self.occurrence)
        assert changed is not None
        return str(changed)

    @property
    def change(self) -> tuple[str, str]:
        """Return the line as it is and as the mutant has it."""
        before, after = self.text.splitlines(), self.source.splitlines()
        pairs = [(old.strip(), new.strip()) for old, new in zip(before, after, strict=False) if old != new]
        return pairs[0] if pairs else ("", "")

    @property
    def name(self) -> str:
        """Return the place of the change, and what kind it is of."""
        return f"{self.path.relative_to(ROOT)}:{self.line}:{self.column} {self.operator}#{self.occurrence}"


def list_mutants(path: Path) -> Iterator[Mutant]:
    """Return every mutant of a module."""
    text = path.read_text()
    tree, bodies = get_ast(text), list(_bodies(ast.parse(text)))
    provider = OperatorProvider()
    for name in OPERATORS:
        operator = provider[name]()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, column) in enumerate(places):
            inside = any(first <= line <= last for first, last in bodies)
            yield Mutant(path, text, name, occurrence, line, column, inside)


def _bodies(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.body[0].lineno, node.body[-1].end_lineno or 0


def draw_mutants(paths: Iterable[Path], seed: int) -> list[Mutant]:
    """Return the mutants of modules in an order drawn by a seed, so that any time's worth of them is a fair sample."""
    mutants = [mutant for path in paths for mutant in list_mutants(path)]
    random.Random(seed).shuffle(mutants)
    return mutants


def read_equivalents() -> dict[tuple[str, str, str], str]:
    """Return the mutants that change no behaviour, by module, line and changed line, each with its reason."""
    with (Path(__file__).parent / "equivalent.csv").open() as file:
        return {(row["module"], row["line"], row["mutant"]): row["reason"] for row in csv.DictReader(file)}
