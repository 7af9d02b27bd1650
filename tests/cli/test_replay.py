"""Rebuilding a call's state up to a moment."""

from datetime import UTC, datetime

import pytest

from cordboard.cli.commands.replay import Moment, rebuild
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.ledger.v1.envelope_pb2 import Envelope

NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def envelope(seq: int, at: datetime) -> Envelope:
    made = Envelope(seq=seq)
    made.event.occurred_at.FromDatetime(at)
    return made


def test_without_a_moment_everything_counts() -> None:
    assert Moment.parse("").includes(envelope(9_999, NOON))


def test_a_sequence_includes_its_own_event() -> None:
    moment = Moment.parse("7")
    assert [moment.includes(envelope(seq, NOON)) for seq in (6, 7, 8)] == [True, True, False]


@pytest.mark.parametrize("text", ["2026-03-01T12:00:05Z", "2026-03-01T13:00:05+01:00", "2026-03-01 12:00:05"])
def test_an_instant_includes_what_happened_at_it(text: str) -> None:
    moment = Moment.parse(text)
    assert moment.includes(envelope(1, NOON))
    assert not moment.includes(envelope(1, NOON.replace(microsecond=1)))


@pytest.mark.parametrize("text", ["-1", "noon", "1.5"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="MOMENT_INVALID"):
        Moment.parse(text)


def test_a_call_of_which_nothing_was_decided_is_not_there() -> None:
    with pytest.raises(NotFoundError, match="CALL_NOT_FOUND"):
        rebuild("0", [], phi=False)
