"""The READMEs name what there is: commands, files, codes, settings and packages, in both languages alike."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from contracts.facts import ALL_FACTS
from services.feeds.__main__ import FeedSettings
from services.registration.intake.refusals import ADVICE, RefusalCode
from services.registration.intake.registers import FILE_ADVICE
from services.registration.vault import VaultSettings
from services.runtime.settings import Settings

REPOSITORY = Path(__file__).parent.parent.parent
READMES = ("README.md", "README.zh-CN.md")

MAKE = re.compile(r"\bmake ((?:-s )?[a-z]+(?: [A-Z_]+=(?:\"[^\"]*\"|[\w./]+))*)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:contracts|services|deploy|tests|docs)/[\w./-]*|[\w.-]+\.(?:md|yml|toml)|LICENSE")
LINK = re.compile(r"\]\(([^)#:]+)\)")
REFUSED = re.compile(r'(?:Problem\(\d+, |code = )"([a-z_]+)"')


def read(readme: str) -> str:
    return (REPOSITORY / readme).read_text(encoding="utf-8")


def commands_of(readme: str) -> set[str]:
    return set(MAKE.findall(read(readme))) | {code for code in CODE.findall(read(readme)) if code.startswith("docker ")}


@pytest.mark.parametrize("readme", READMES)
def test_every_make_target_that_is_named_exists(readme: str) -> None:
    makefile = read("Makefile")

    for command in commands_of(readme):
        if not command.startswith("docker"):
            target = command.removeprefix("-s ").split(" ")[0]
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), command


def test_every_make_target_is_named() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE)) - {"help", "setup"}

    assert {command.removeprefix("-s ").split(" ")[0] for command in commands_of("README.md")} >= targets


@pytest.mark.parametrize("readme", READMES)
def test_every_path_that_is_named_exists(readme: str) -> None:
    named = [code for code in CODE.findall(read(readme)) if PATH.fullmatch(code)] + LINK.findall(read(readme))

    assert len(named) > 20
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_both_readmes_name_the_same_commands_and_the_same_files() -> None:
    english, chinese = (read(readme) for readme in READMES)

    assert commands_of("README.md") == commands_of("README.zh-CN.md")
    assert [c for c in CODE.findall(english) if PATH.fullmatch(c)] == [
        c for c in CODE.findall(chinese) if PATH.fullmatch(c)
    ]
    assert re.findall(r"^```(?:sh|bash)$", english, re.MULTILINE) == re.findall(
        r"^```(?:sh|bash)$", chinese, re.MULTILINE
    )


@pytest.mark.parametrize("readme", READMES)
def test_every_refusal_is_in_the_table(readme: str) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "services").rglob("*.py"))
    codes = {*RefusalCode, *ADVICE, *FILE_ADVICE, *REFUSED.findall(sources)} - {"refused"}

    assert {str(code) for code in codes} <= set(CODE.findall(read(readme)))


@pytest.mark.parametrize("readme", READMES)
def test_every_setting_is_in_the_table(readme: str) -> None:
    fields = chain.from_iterable(settings.model_fields for settings in (Settings, VaultSettings, FeedSettings))
    variables = {f"HOUNIAO_{name}".upper() for name in fields} - {"HOUNIAO_MONGODB_URL", "HOUNIAO_RABBITMQ_URL"}

    assert variables | {"MONGODB_URL", "RABBITMQ_URL"} <= set(CODE.findall(read(readme)))


@pytest.mark.parametrize("readme", READMES)
def test_every_package_has_a_reason(readme: str) -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    packages = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[\w.-]+", package)[0] for package in packages}  # type: ignore[index]
    reasons = {
        name for row in read(readme).splitlines() if row.startswith("| ") for name in re.split(r"[,、|\s\[]+", row)
    }

    assert names <= reasons


def test_the_table_of_facts_is_the_one_that_the_services_hear() -> None:
    assert {fact.__name__ for fact in ALL_FACTS} <= set(CODE.findall(read("README.md")))
