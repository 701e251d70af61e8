"""A snapshot as Parquet: a row for whatever is alike, a column for each attribute of its feed."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from contracts.feeds.feeds import FEEDS, FeedKind, told_type
from services.feeds.domain.alike import Row

FEED_OF: Mapping[str, FeedKind] = {told_type(fact.TYPE): kind for kind in FEEDS.values() for fact in kind.facts}
"""The feed that tells of a type of event."""
ALWAYS = {"type": pa.string(), "count": pa.int64(), "told": pa.list_(pa.string())}


class ParquetWriter:
    """Writes rows of a feed into a file, so many at a time as it is given.

    `told` names what is told in a row: a null that is named is not known, one that is not was given up, or is not in
    the terms.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows of one feed, as a group of their own."""
        writer = self._writer = self._writer or self._begin(_columns(FEED_OF[rows[0].kind]))
        told = [{**row.data, "type": row.kind, "count": row.events, "told": list(row.data)} for row in rows]
        writer.write_table(pa.Table.from_pylist(told, schema=writer.schema))

    def close(self) -> None:
        """Write what ends the file, which has no attributes if it has no rows."""
        (self._writer or self._begin({})).close()

    def _begin(self, columns: Mapping[str, pa.DataType]) -> pq.ParquetWriter:
        return pq.ParquetWriter(self._file, pa.schema({**ALWAYS, **columns}), compression="zstd")


def _columns(kind: FeedKind) -> dict[str, pa.DataType]:
    columns = {str(attribute): _column(value) for attribute, value in kind.attributes.items()}
    return {**columns, "born": pa.string()} if kind.tells_ages else columns


def _column(value: Any) -> pa.DataType:
    """Return the type of a column for values of an attribute; codes and words are text."""
    if get_origin(value) is list:
        return pa.list_(_column(get_args(value)[0]))
    if isinstance(value, type) and issubclass(value, BaseModel):
        return pa.struct({name: _column(field.annotation) for name, field in value.model_fields.items()})
    if value is int:
        return pa.int64()
    return pa.float64() if value == int | float else pa.string()
