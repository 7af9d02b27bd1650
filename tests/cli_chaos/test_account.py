"""What is missing from the log, and what stands there twice, is counted."""

import pytest
from call_log import CALL, booked_call

from cordboard.cli.chaos.account import Account, account_of
from cordboard.ledger.v1.envelope_pb2 import Envelope

NODE = "media-node/media-node-1/b"


def counted(log: list[Envelope]) -> dict[str, int]:
    return {NODE: sum(one.event.source == NODE for one in log)}


def test_a_whole_record_is_even() -> None:
    log = list(booked_call())
    assert account_of([log], counted(log)).is_even


def test_a_hole_is_counted_once_though_the_count_tells_of_it_as_well() -> None:
    log = list(booked_call())
    of_node = [one for one in log if one.event.source == NODE]
    found = account_of([[one for one in log if one is not of_node[1]]], counted(log))
    assert found.lost == 1
    assert found.faults


def test_a_missing_end_is_seen_by_the_producers_own_count() -> None:
    log = list(booked_call())
    found = account_of([log], {NODE: counted(log)[NODE] + 2})
    assert (found.lost, found.twice) == (2, 0)
    assert "counted" in found.faults[0]


def test_a_source_of_which_the_log_has_nothing_is_missed() -> None:
    assert account_of([], {"voice-agent/voice-agent-1/x": 3}).lost == 3


def test_an_event_twice_is_counted() -> None:
    log = list(booked_call())
    again = Envelope()
    again.CopyFrom(log[-1])
    again.seq += 1
    found = account_of([[*log, again]], counted(log))
    assert (found.lost, found.twice) == (0, 1)
    assert CALL in found.faults[0]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (Account(), Account(1, 2, ("a",)), Account(1, 2, ("a",))),
        (Account(1, 2, ("a",)), Account(1, 2, ("a",)), Account()),
        (Account(2, 0, ("a",)), Account(1, 0, ("b",)), Account(0, 0, ("b",))),
    ],
)
def test_each_row_answers_for_what_came_in_it(before: Account, after: Account, wanted: Account) -> None:
    assert after.since(before) == wanted
