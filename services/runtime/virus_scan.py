"""A look at a file by clamd (ClamAV), over TCP with its command INSTREAM; who is not reached lets nothing through."""

import asyncio

from contracts.refusals import RefusedError
from services.runtime.logs import get_log

WITHIN = 30.0
"""Seconds for a look at one file."""
PIECE = 1 << 16


class InfectedError(RefusedError):
    """The scanner found something in the file."""

    code = "infected"
    advice = (
        "文件含有病毒或恶意内容，未接收。The file has a virus or worse in it; clean the computer that it came from."
    )
    status = 422


class ScannerAwayError(RefusedError):
    """The scanner did not answer, or said neither that the file is clean nor that it is not."""

    code = "scanner_away"
    advice = "病毒扫描暂不可用，请稍后重发。The virus scanner does not answer; send the same request again in a moment."
    status = 503


async def scan(clamd: str, content: bytes) -> None:
    """Return if clamd at `host:port` finds nothing in a file; raise InfectedError or ScannerAwayError otherwise."""
    try:
        async with asyncio.timeout(WITHIN):
            answer = await _ask(clamd, content)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
        get_log().warning("virus scanner away", error=error)
        raise ScannerAwayError from error
    if answer.endswith(b" FOUND"):
        raise InfectedError
    if answer != b"stream: OK":
        get_log().warning("virus scanner gave no verdict")
        raise ScannerAwayError


async def _ask(clamd: str, content: bytes) -> bytes:
    host, _, port = clamd.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"zINSTREAM\0")
        for start in range(0, len(content), PIECE):
            piece = content[start : start + PIECE]
            writer.write(len(piece).to_bytes(4, "big") + piece)
            await writer.drain()
        writer.write(bytes(4))
        return (await reader.readuntil(b"\0")).rstrip(b"\0")
    finally:
        writer.close()
