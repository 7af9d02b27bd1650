"""The table of errors is total."""

import pytest
from google.rpc import error_details_pb2

from cordboard.core import errors
from cordboard.core.errors import CordboardError
from cordboard.runtime.error_table import TABLE, row_of, temporal_non_retryable, to_status

CATEGORIES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CordboardError) and kind is not CordboardError
]


@pytest.mark.parametrize("kind", CATEGORIES)
def test_every_category_has_a_row_and_keeps_its_reason(kind: type[CordboardError]) -> None:
    error = kind("SOME_REASON", "a sentence", call_id="c1")
    status = to_status(error)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, dict(info.metadata)) == ("SOME_REASON", {"call_id": "c1"})
    assert row_of(error) is TABLE[kind]
    assert temporal_non_retryable(error) is not kind.retryable


def test_statuses_are_distinct_so_that_the_category_survives_the_wire() -> None:
    assert len({row.grpc_code for row in TABLE.values()}) == len(TABLE)
