"""The rows of a snapshot as Parquet: nothing is added, lost or turned into something else on the way."""

from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.feeds.feeds import FEEDS, FeedName, told_type
from contracts.feeds.subscriptions import Terms
from services.feeds.domain.alike import Row
from services.feeds.domain.entries import make_entries
from services.feeds.domain.telling import tell
from services.feeds.exports import ParquetWriter
from tests.support.samples import sample_of
from tests.support.subscriptions import everything_of


def export(*groups: list[Row]) -> pq.ParquetFile:
    file = BytesIO()
    writer = ParquetWriter(file)
    for rows in groups:
        writer.write(rows)
    writer.close()
    return pq.ParquetFile(BytesIO(file.getvalue()))


def read(file: pq.ParquetFile) -> list[Row]:
    return [
        Row(row["type"], {name: row[name] for name in row["told"]}, row["count"]) for row in file.read().to_pylist()
    ]


def rows_of(feed: FeedName) -> list[Row]:
    terms = Terms.model_validate(everything_of(feed))
    return [
        Row(told_type(fact.TYPE), tell(terms, entry.kept), number)
        for number, fact in enumerate(FEEDS[feed].facts, start=1)
        for entry in make_entries(sample_of(fact))
    ]


@pytest.mark.parametrize("feed", FeedName)
def test_what_a_feed_tells_of_every_fact_comes_back(feed: FeedName) -> None:
    rows = rows_of(feed)

    file = export(rows)

    assert read(file) == rows != []
    columns = {"type", "count", "told", *map(str, FEEDS[feed].attributes)} | (
        {"born"} if FEEDS[feed].tells_ages else set()
    )
    assert set(file.schema_arrow.names) == columns


def test_what_was_given_up_is_not_what_is_unknown() -> None:
    known: list[dict[str, Any]] = [{}, {"street": None}, {"street": "320507001"}]
    rows = [Row("feeds.stay_started.v2", data, 7) for data in known]

    assert [row.data for row in read(export(rows))] == known


def test_numbers_are_numbers_and_what_is_named_several_times_is_a_list() -> None:
    indicators, reports = (export(rows_of(name)).schema_arrow for name in (FeedName.INDICATORS, FeedName.REPORTS))

    assert indicators.field("value").type == pa.float64()
    assert indicators.field("suppressed").type == pa.list_(pa.string())
    assert (reports.field("edition").type, reports.field("files").type.value_type.field("size").type) == (
        pa.int64(),
        pa.int64(),
    )


def test_each_group_is_written_by_itself() -> None:
    one = [Row("feeds.stay_started.v2", {"street": "320507001"}, 1)]

    file = export(one, one, one)

    assert (file.num_row_groups, read(file)) == (3, one * 3)


def test_a_snapshot_of_nothing_is_a_file_without_rows() -> None:
    assert read(export()) == []
