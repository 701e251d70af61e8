"""How much of the messages that were delivered is worked on at once, in bytes: the rest waits as it came."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class InHand:
    """Lets messages in by turn while their bytes together stay within a limit; one that is larger comes in alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.bytes = 0
        """The bytes of the messages that are worked on."""

    @asynccontextmanager
    async def taking(self, size: int) -> AsyncIterator[None]:
        """Wait until a message of a size has its turn, and count it until the block ends."""
        if self._waiting or not self._fits(size):
            await self._wait_for_turn(size)
        else:
            self.bytes += size
        try:
            yield
        finally:
            self._give_back(size)

    def _fits(self, size: int) -> bool:
        return not self.bytes or self.bytes + size <= self._most

    async def _wait_for_turn(self, size: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._let_in()
            else:
                self._give_back(size)  # its turn had just come
            raise

    def _give_back(self, size: int) -> None:
        self.bytes -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if not turn.cancelled() and not self._fits(size):
                return
            self._waiting.popleft()
            if not turn.cancelled():
                self.bytes += size
                turn.set_result(None)
