"""The documents name what there is: commands, files, codes, settings and packages, in both languages alike."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from contracts.facts import ALL_FACTS, said_by
from contracts.feeds.feeds import FEEDS
from deploy.local.stack import Stack
from services.console.settings import ConsoleSettings
from services.feeds.__main__ import FeedSettings
from services.outreach.service import MessagingSettings
from services.registration.intake.refusals import ADVICE, RefusalCode
from services.registration.intake.registers import FILE_ADVICE
from services.registration.vault import VaultSettings
from services.runtime.settings import Settings
from tests.support.instance import Instance

REPOSITORY = Path(__file__).parent.parent.parent
CHINESE = "zh-CN"
READMES = ("README.md", "README.zh-CN.md")
IN_BOTH_LANGUAGES = (
    READMES,
    *(
        (f"docs/{page}.md", f"docs/{page}.{CHINESE}.md")
        for page in (
            "bridges",
            "configuration",
            "dependencies",
            "feeds",
            *(f"feeds/{name}" for name in FEEDS),
            "measured",
            "operating",
            "refusals",
            "services",
            "try-it",
        )
    ),
)
NOT_OURS = {".venv", ".local", ".git", "build", "node_modules", "dist"}
DOCUMENTS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in REPOSITORY.rglob("*.md")
    if NOT_OURS.isdisjoint(path.relative_to(REPOSITORY).parts) and ".pytest_cache" not in path.parts
)

MAKE = re.compile(r"\bmake ((?:-s )?[a-z]+(?: [A-Z_]+=(?:\"[^\"]*\"|[\w./]+))*)")
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"(?:contracts|services|deploy|tests|docs)/[\w./-]*|[\w.-]+\.(?:md|yml|toml)|LICENSE")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"python -m services\.(\w+) ([a-z][a-z-]+)")
BENCH = re.compile(r"<!-- bench -->(.*?)<!-- /bench -->", re.DOTALL)
REFUSED = re.compile(r'(?:Problem\(\d+, |code = )"([a-z_]+)"')
ADDRESS = re.compile(r"https?://\S+")
DOCUMENT = re.compile(r"(?<![\w}*.])(?:\.\./)*[\w-][\w./-]*\.md\b")
SECTION = re.compile(r"\b([A-Z]{5,}) [0-9]+\.[0-9]+\b")
"""A section of a document that is named without its suffix, such as `GUIDE` and a number."""


def read(document: str) -> str:
    return (REPOSITORY / document).read_text(encoding="utf-8")


def commands_of(document: str) -> set[str]:
    text = read(document)
    typed = [*FENCED.findall(text), *CODE.findall(FENCED.sub("", text))]
    return set(MAKE.findall("\n".join(typed))) | {code for code in typed if code.startswith("docker ")}


def targets_of(document: str) -> set[str]:
    named = (command for command in commands_of(document) if not command.startswith("docker "))
    return {command.removeprefix("-s ").split(" ")[0] for command in named}


def paths_of(document: str) -> list[str]:
    return [code for code in CODE.findall(FENCED.sub("", read(document))) if PATH.fullmatch(code)]


def links_of(document: str) -> list[str]:
    return LINK.findall(FENCED.sub("", read(document)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    makefile = read("Makefile")

    assert [t for t in targets_of(document) if not re.search(rf"^{t}:", makefile, re.MULTILINE)] == []


def test_every_make_target_is_named() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE)) - {"help", "setup"}

    assert set(chain.from_iterable(map(targets_of, DOCUMENTS))) >= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_a_service_that_is_named_exists(document: str) -> None:
    named = set(COMMAND.findall(read(document)))

    assert [
        f"{service} {command}"
        for service, command in named
        if f'cli.command("{command}")' not in read(f"services/{service}/__main__.py")
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    here = (REPOSITORY / document).parent

    assert [path for path in paths_of(document) if not ((REPOSITORY / path).exists() or (here / path).exists())] == []
    assert [link for link in links_of(document) if not (here / link).exists()] == []


def test_both_languages_show_the_same_clients_of_a_feed() -> None:
    assert FENCED.findall(read("docs/feeds.md")) == FENCED.findall(read("docs/feeds.zh-CN.md")) != []


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_leads_on(readme: str) -> None:
    assert len(paths_of(readme) + links_of(readme)) > 20


@pytest.mark.parametrize(("english", "chinese"), IN_BOTH_LANGUAGES)
def test_both_languages_name_the_same_commands_and_the_same_files(english: str, chinese: str) -> None:
    assert commands_of(english) == commands_of(chinese)
    assert paths_of(english) == paths_of(chinese)
    assert re.findall(r"^```(?:sh|bash)$", read(english), re.MULTILINE) == re.findall(
        r"^```(?:sh|bash)$", read(chinese), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("readme", "page"), [("README.md", "docs/measured.md"), ("README.zh-CN.md", "docs/measured.zh-CN.md")]
)
def test_a_readme_has_the_first_table_of_what_was_measured(readme: str, page: str) -> None:
    (short,), (whole,) = BENCH.findall(read(readme)), BENCH.findall(read(page))

    assert whole.startswith(short)


@pytest.mark.parametrize("page", ["docs/refusals.md", "docs/refusals.zh-CN.md"])
def test_every_refusal_is_in_the_table(page: str) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "services").rglob("*.py"))
    codes = {*RefusalCode, *ADVICE, *FILE_ADVICE, *REFUSED.findall(sources)} - {"refused"}

    assert {str(code) for code in codes} <= set(CODE.findall(read(page)))


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/configuration.zh-CN.md"])
def test_every_setting_is_in_the_table(page: str) -> None:
    fields = chain.from_iterable(
        settings.model_fields
        for settings in (Settings, VaultSettings, FeedSettings, MessagingSettings, ConsoleSettings)
    )
    variables = {f"HOUNIAO_{name}".upper() for name in fields} - {"HOUNIAO_MONGODB_URL", "HOUNIAO_RABBITMQ_URL"}

    assert variables | {"MONGODB_URL", "RABBITMQ_URL"} <= set(CODE.findall(read(page)))


@pytest.mark.parametrize("page", ["docs/dependencies.md", "docs/dependencies.zh-CN.md"])
def test_every_package_has_a_reason(page: str) -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    packages = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.match(r"[\w.-]+", package)[0] for package in packages}  # type: ignore[index]  # no match fails the test
    reasons = {
        name for row in read(page).splitlines() if row.startswith("| ") for name in re.split(r"[,、|\s\[]+", row)
    }

    assert names <= reasons


@pytest.mark.parametrize("page", ["docs/services.md", "docs/services.zh-CN.md"])
def test_the_table_of_facts_is_the_one_that_the_services_hear(page: str) -> None:
    assert {fact.__name__ for fact in ALL_FACTS} <= set(CODE.findall(read(page)))


def test_nothing_refers_to_a_document_that_is_not_there() -> None:
    suffixes = {".py", ".md", ".sh", ".toml", ".yml", ".yaml"}
    files = [
        path
        for path in REPOSITORY.rglob("*")
        if path.suffix in suffixes and NOT_OURS.isdisjoint(path.relative_to(REPOSITORY).parts) and path.is_file()
    ]
    missing = [
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in files
        for name in _documents_in(path)
        if _is_missing(path, name)
    ]

    assert missing == []


def _documents_in(path: Path) -> list[str]:
    text = ADDRESS.sub("", path.read_text(encoding="utf-8"))
    return [*DOCUMENT.findall(text), *(f"{name}.md" for name in SECTION.findall(text))]


def _is_missing(path: Path, name: str) -> bool:
    return not ((REPOSITORY / name).exists() or (path.parent / name).exists())


OUTREACH = re.compile(r"^\| O(\d+) .*?\| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def test_every_need_of_health_education_has_routes_facts_and_tests(stack: Stack) -> None:
    rows = OUTREACH.findall(read("docs/outreach.md"))
    routes = set(Instance(stack, "described").build("outreach").openapi()["paths"])
    facts = {fact.__name__ for fact in said_by("outreach")}

    assert [int(number) for number, *_ in rows] == list(range(1, 24))
    for _, *cells in rows:
        named = [set(CODE.findall(cell)) for cell in cells]
        assert all(named)
        assert named[0] <= routes
        assert named[1] <= facts
        assert {path for path in named[2] if not (REPOSITORY / path).exists()} == set()
