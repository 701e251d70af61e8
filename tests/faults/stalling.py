"""A TCP proxy on loopback that a test may stall in one direction or both, and cut: a bad network in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class StallingProxy:
    """Passes bytes between clients and one server as long as it is let."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._requests, self._answers = asyncio.Event(), asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self.flow()

    def flow(self) -> None:
        """Let everything through again."""
        self._requests.set()
        self._answers.set()

    def stall_requests(self) -> None:
        """Hold back what clients send: nothing is closed, nothing arrives."""
        self._requests.clear()

    def stall_answers(self) -> None:
        """Hold back what the server sends: requests are done, but nobody hears of it."""
        self._answers.clear()

    def cut(self) -> None:
        """Break every connection; what was held back is lost."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one client's bytes to the server and the server's back, until either side ends."""
        with contextlib.suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            both = {writer, to_server}
            self._writers |= both
            passing = [
                asyncio.create_task(_pass_on(reader, to_server, self._requests)),
                asyncio.create_task(_pass_on(from_server, writer, self._answers)),
            ]
            await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            for task in passing:
                task.cancel()
            for end in both:
                end.transport.abort()
            self._writers -= both
        writer.transport.abort()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, may_flow: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        while content := await source.read(65536):
            await may_flow.wait()
            target.write(content)
            await target.drain()


@contextlib.asynccontextmanager
async def stalling_proxy(port: int, server_port: int) -> AsyncIterator[StallingProxy]:
    """Serve a proxy on a port until the block ends."""
    proxy = StallingProxy(server_port)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", port):
        yield proxy
        proxy.cut()
