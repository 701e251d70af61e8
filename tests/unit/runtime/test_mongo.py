"""A MongoDB that is away for a while is told apart from a write that is wrong."""

from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, OperationFailure, WriteConcernError

from services.runtime.mongo import is_away

DUPLICATE = {"index": 0, "code": 11000, "errmsg": "E11000"}
SHUTTING_DOWN = {"index": 1, "code": 11600, "errmsg": "interrupted at shutdown"}
WRONG = {"index": 2, "code": 121, "errmsg": "Document failed validation"}
UNSURE = {"code": 91, "errmsg": "replication is being shut down"}


def bulk_error(*errors: dict[str, Any], unsure: bool = False) -> BulkWriteError:
    return BulkWriteError({"writeErrors": list(errors), "writeConcernErrors": [UNSURE] if unsure else []})


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("connection closed"),
        OperationFailure("interrupted at shutdown", 11600),
        WriteConcernError("replication is being shut down", 91),
        bulk_error(unsure=True),
        bulk_error(SHUTTING_DOWN),
        bulk_error(DUPLICATE, unsure=True),
        bulk_error(DUPLICATE, SHUTTING_DOWN),
    ],
)
def test_a_server_that_stops_in_the_middle_of_a_write_is_away(error: Exception) -> None:
    assert is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKeyError("E11000", 11000),
        OperationFailure("Document failed validation", 121),
        bulk_error(DUPLICATE),
        bulk_error(WRONG, unsure=True),
        bulk_error(SHUTTING_DOWN, WRONG),
        ValueError("no error of MongoDB"),
    ],
)
def test_a_write_that_is_wrong_does_not_count_as_away(error: Exception) -> None:
    assert not is_away(error)
