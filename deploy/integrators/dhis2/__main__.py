"""The commands: `python -m deploy.integrators.dhis2 events` and `values`."""

import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer

from deploy.integrators.dhis2 import events, values
from deploy.integrators.dhis2.destination import NotTakenError, connect
from deploy.integrators.dhis2.mapping import read_mapping
from deploy.integrators.follower.python.follow_feed.feed import CompactedError, Feed, RefusedError

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

MappingFile = Annotated[Path, typer.Option("--mapping", help="the codes of the DHIS2", dir_okay=False, exists=True)]
To = Annotated[str, typer.Option(help="the URL of a DHIS2, or a folder for the bodies of its requests")]
Url = Annotated[str, typer.Option(envvar="URL", help="of feeds, or of reporting")]
TokenFile = Annotated[Path, typer.Option(envvar="TOKEN_FILE", help="has the token", dir_okay=False, exists=True)]
Dhis2TokenFile = Annotated[Path | None, typer.Option(envvar="DHIS2_TOKEN_FILE", help="has a personal access token")]


@app.command("events")
def send_events(  # noqa: PLR0913, PLR0917  # each is an option
    mapping: MappingFile,
    to: To,
    url: Url,
    district: Annotated[str, typer.Option(envvar="DISTRICT", help="6 digits")],
    token_file: TokenFile,
    reached: Annotated[Path, typer.Option(help="keeps the position", dir_okay=False)] = Path("dhis2.position"),
    feed: Annotated[str, typer.Option(envvar="FEED")] = "stays",
    dhis2_token_file: Dhis2TokenFile = None,
) -> None:
    """Send what was told since the last time, page by page; a page that was sent and not noted is sent once more."""
    codes, destination = read_mapping(mapping), connect(to, dhis2_token_file)
    with httpx.Client(base_url=url, timeout=60) as client:
        source = Feed(client, feed, district, token_file)
        while page := source.read(_position(reached), wait=0):
            first, last = page[0]["position"], page[-1]["position"]
            destination.put_events(events.make_payload(codes, page), f"events-{feed}-{first}-{last}")
            _reach(reached, last)
            print(f"{first} to {last}")


@app.command("values")
def send_values(  # noqa: PLR0913, PLR0917  # each is an option
    mapping: MappingFile,
    to: To,
    url: Url,
    token_file: TokenFile,
    report: Annotated[str, typer.Option(help="the id of the report")],
    edition: Annotated[int | None, typer.Option(help="if it is not the newest that is sealed")] = None,
    every_number: Annotated[bool, typer.Option(help="not as published, with small counts hidden")] = False,
    dhis2_token_file: Dhis2TokenFile = None,
) -> None:
    """Send the data values of a sealed report; the same again changes nothing."""
    signed = {"Authorization": f"Bearer {token_file.read_text(encoding='ascii').strip()}"}
    with httpx.Client(base_url=url, headers=signed, timeout=60) as client:
        written = values.fetch(client, report, edition, published=not every_number)
    payload = values.rename(read_mapping(mapping), written)
    connect(to, dhis2_token_file).put_values(payload, f"values-{report}-{written['period']}")
    print(f"{len(payload['dataValues'])} data values")


def _position(reached: Path) -> int:
    return int(reached.read_text(encoding="ascii")) if reached.exists() else 0


def _reach(reached: Path, position: int) -> None:
    following = reached.with_suffix(".next")
    following.write_text(str(position), encoding="ascii")
    following.replace(reached)


def main() -> None:
    """Run a command; what was refused is told, and the next run goes on with it."""
    try:
        app()
    except (RefusedError, NotTakenError, values.NothingSealedError, httpx.HTTPError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    except CompactedError:
        sys.exit("what follows the position is in the snapshot alone: events of it can't be told one by one any more")


if __name__ == "__main__":
    main()
