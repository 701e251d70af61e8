"""The examples of docs/try-it.md work: each is run as it stands there, against services of their own."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import SERVICE_PORTS, Stack
from services.runtime.access import issue

REPOSITORY = Path(__file__).parent.parent.parent
PAGES = ("docs/try-it.md", "docs/try-it.zh-CN.md")
EXAMPLES = re.compile(r"<!-- try -->(.*?)<!-- /try -->", re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_every_example_does_what_the_page_says(deployment: Stack, tmp_path: Path) -> None:
    said = run_examples(PAGES[0], deployment, tmp_path)

    assert '"outcome":"accepted"' in said[1]
    assert '"name":"李小满"' in said[2]
    assert '"state":"ended"' in said[2]
    assert json.loads(said[3].splitlines()[-1])["refused_by_reason"] == {"id_checksum": 1}
    assert json.loads(said[3].splitlines()[-1])["accepted"] == 1
    assert '"state":"done"' in said[4]
    assert '"duplicate":1' in said[4]
    assert (tmp_path / "refused.xlsx").read_bytes().startswith(b"PK")
    assert json.loads(said[5])["outcome"] == "accepted"
    assert '"archive_rate"' in said[6]
    assert '"audiences"' in said[6]
    assert '"state":"approved"' in said[7]
    assert '"waiting":' in said[7]
    assert json.loads(said[8])["type"] == "history"
    assert '"state":"planned"' in said[9]
    entered, *verified = said[10].splitlines()
    assert (json.loads(entered)["accepted"], json.loads(entered)["refused_by_reason"]) == (1, {"not_understood": 1})
    assert verified[0].startswith("entries: ")


def test_both_languages_have_the_same_examples() -> None:
    english, chinese = map(examples_of, PAGES)

    assert english == chinese


def examples_of(page: str) -> list[str]:
    (section,) = EXAMPLES.findall((REPOSITORY / page).read_text(encoding="utf-8"))
    return BLOCK.findall(section)


def run_examples(page: str, stack: Stack, folder: Path) -> list[str]:
    """Run all examples in one shell, one after the other; give what each printed."""
    mark = "--- next example"
    blocks = examples_of(page)
    script = "\n".join(
        [_prelude(stack, folder), *(f"{_moved(block, stack, folder)}\necho '{mark}'" for block in blocks)]
    )
    environment = {**os.environ, **stack.service_environment("registration"), "NO_COLOR": "1"}

    run = subprocess.run(
        ["bash", "-c", script],
        cwd=REPOSITORY,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
    )

    assert run.returncode == 0, f"{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
    return [said.strip() for said in run.stdout.split(f"{mark}\n")[:-1]]


def _prelude(stack: Stack, folder: Path) -> str:
    """Stop at what is still refused after a while, and let `make token` ask this stack's issuer."""
    cases = []
    for role, division in re.findall(r"make -s token ROLE=(\w+) DIVISION=(\d+)", "\n".join(examples_of(PAGES[0]))):
        token = issue(stack.issuer_jwk(), services=SERVICE_PORTS, subject="demo", role=role, division=division)
        cases.append(f"  '-s token ROLE={role} DIVISION={division}') echo '{token}' ;;")
    return "\n".join(
        [
            "set -euo pipefail",
            'curl() { command curl --fail-with-body --retry 9 --retry-delay 1 --retry-all-errors --noproxy "*" "$@"; }',
            "make() {",
            'case "$*" in',
            *cases,
            '*) echo "unexpected: make $*" >&2; return 1 ;;',
            "esac",
            "}",
        ]
    )


def _moved(block: str, stack: Stack, folder: Path) -> str:
    """Point an example at this stack: its ports, its folders and this Python."""
    for service, port in SERVICE_PORTS.items():
        block = block.replace(f"127.0.0.1:{port}", f"127.0.0.1:{stack.service_port(service)}")
    address = stack.rabbitmq_url().rpartition("@")[2].partition("/")[0]
    archives = shlex.join(f"{name}={value}" for name, value in stack.service_environment("archives").items())
    return (
        block.replace(".venv/bin/python -m services.archives", f"env {archives} .venv/bin/python -m services.archives")
        .replace("/tmp/", f"{folder}/")  # noqa: S108  # the page's own path, put into a folder of the test's
        .replace("127.0.0.1:5772", address)
        .replace(".local/run", str(stack.folder))
        .replace(".venv/bin/python", sys.executable)
    )
