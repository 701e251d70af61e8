"""Files and requests that cost little to make and would cost much to serve, and a service on a real socket for them."""

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from deploy.local.ports import free_port
from services.runtime.serving import make_server_config
from tests.support.instance import eventually

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="a"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="a" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="b" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}


def workbook_of(*, cells: int = 1, texts: int = 1) -> bytes:
    """Return an .xlsx of empty cells and of empty shared texts; noise keeps it within the ratio of compression."""
    packed = io.BytesIO()
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData><row>' + "<c/>" * cells + "</row></sheetData></worksheet>"
    shared = f'<sst xmlns="{_MAIN}">' + "<si/>" * texts + "</sst>"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in _PARTS.items():
            package.writestr(name, part)
        package.writestr("xl/worksheets/sheet1.xml", sheet)
        package.writestr("xl/sharedStrings.xml", shared)
        package.writestr("noise", os.urandom((len(sheet) + len(shared)) // 400))
    return packed.getvalue()


def bundle_of_nothing(entries: int) -> bytes:
    """Return a FHIR bundle of empty entries."""
    return b'{"resourceType":"Bundle","type":"document","entry":[' + b",".join([b"{}"] * entries) + b"]}"


def memory_peak() -> int:
    """Return how many megabytes this process has had at most."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def forget_memory_peak() -> None:
    """Let the peak of this process's memory begin anew from what it has now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


@asynccontextmanager
async def served(app: FastAPI, port: int | None = None) -> AsyncIterator[int]:
    """Serve an app that has been started as its own process would; yield the port."""
    port = port or free_port()
    config = make_server_config(app, "127.0.0.1", port)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def up() -> bool:
        return server.started

    await eventually(up)
    try:
        yield port
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def answer_to(port: int, sent: bytes, within: float = 10.0) -> bytes:
    """Send bytes over a connection of its own, and return all that comes until the other side closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), within)
    finally:
        writer.close()
