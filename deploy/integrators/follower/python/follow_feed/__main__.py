"""`python -m follow_feed follow`, `receive` or `show`; what it needs to know is in the environment."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from . import snapshots, webhooks
from .effect import Json
from .feed import CompactedError, Feed, RefusedError
from .kept import GapError, Kept

REFUSED, GAP = 3, 4
"""Exit codes: asking again changes nothing; positions jump."""


@dataclass(frozen=True)
class Follower:
    """A feed and what is kept of it."""

    feed: Feed
    kept: Kept
    folder: Path

    def begin(self) -> None:
        """Begin with a snapshot, in place of everything before."""
        position, file = snapshots.take(self.feed, self.folder)
        self.kept.begin(position, snapshots.read_lines(file))
        file.unlink()

    def read_on(self, wait: float) -> None:
        """Take the next page, or a snapshot where there is none to go on with."""
        try:
            page = self.feed.read(self.kept.position or 0, wait)
        except CompactedError:
            time.sleep(1)  # lest a feed that says so again be asked all the time
            self.begin()
        else:
            self.kept.add(page)

    def take(self, page: list[Json]) -> None:
        """Take a page that was delivered, after what was told before it and did not come."""
        while True:
            try:
                self.kept.add(page)
            except GapError as gap:
                self.read_on(wait=0)
                if self.kept.position == gap.last:
                    raise
            else:
                return


def make_follower(folder: Path) -> Follower:
    """Return what follows the feed of the environment."""
    name, district = os.environ.get("FEED", "stays"), os.environ["DISTRICT"]
    client = httpx.Client(base_url=os.environ["URL"], timeout=60)
    feed = Feed(client, name, district, Path(os.environ["TOKEN_FILE"]))
    return Follower(feed, Kept(folder / f"{name}-{district}.sqlite"), folder)


def main() -> None:
    """Follow a feed, receive it, or show what was made of it."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("command", choices=("follow", "receive", "show"))
    command = parser.parse_args().command
    follower = make_follower(Path(os.environ.get("FOLDER", ".")))
    if command == "show":
        for counted in follower.kept.read():
            print(json.dumps(counted, ensure_ascii=False))
        return
    try:
        if follower.kept.position is None:
            follower.begin()
        if command == "receive":
            webhooks.receive(int(os.environ["PORT"]), Path(os.environ["SECRET_FILE"]), follower.take)
        while True:
            follower.read_on(wait=30)
    except RefusedError as refused:
        print(refused, file=sys.stderr)
        sys.exit(REFUSED)
    except GapError as gap:
        print(gap, file=sys.stderr)
        sys.exit(GAP)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
