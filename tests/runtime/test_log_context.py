"""Lines of the log carry the ids of the call that they belong to, and nothing in their place."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest

from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.media.v1.command_pb2 import AddLeg, Command
from cordboard.media.v1.media_node_service_pb2 import ApplyBatchRequest
from cordboard.runtime.log import JsonFormatter
from cordboard.runtime.log_context import bind, bound, bound_ids, ids_of

CALL = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER = "01890a5d-ac96-774b-bcce-b302099a8058"
LEG = "caller-0123456789ab"


@pytest.fixture(autouse=True)
def nothing_stays_bound() -> Iterator[None]:
    with bound(call_id="", leg_id="", turn_id="", trace_id=""):
        yield


def line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("cordboard.x", logging.INFO, __file__, 1, "a leg is late", None, None)
    record.__dict__.update(extra)
    parsed: dict[str, object] = json.loads(JsonFormatter("worker-1").format(record))
    return parsed


def test_a_line_carries_what_is_bound_where_it_is_logged() -> None:
    with bound(call_id=CALL, leg_id=LEG, turn_id="t3"):
        inside = line()
    assert (inside["call_id"], inside["leg_id"], inside["turn_id"]) == (CALL, LEG, "t3")
    assert "call_id" not in line()


def test_what_a_line_says_itself_holds() -> None:
    with bound(call_id=CALL):
        assert line(call_id=OTHER)["call_id"] == OTHER


@pytest.mark.parametrize("sent", ["Maria Lopez", "555-0100", "+15550100", f"{CALL}\n", CALL.upper(), ""])
def test_what_is_no_id_of_the_engine_is_not_bound(sent: str) -> None:
    with bound(call_id=sent, leg_id=sent, turn_id=sent, trace_id=sent):
        assert not bound_ids()


def test_another_call_has_other_legs_and_turns() -> None:
    bind(call_id=CALL, leg_id=LEG, turn_id="t1")
    bind(call_id=CALL)
    assert bound_ids()["leg_id"] == LEG
    bind(call_id=OTHER)
    assert bound_ids() == {"call_id": OTHER}


async def test_a_task_inherits_and_binds_for_itself_alone() -> None:
    async def work() -> dict[str, str]:
        bind(leg_id=LEG)
        return dict(bound_ids())

    bind(call_id=CALL)
    assert await asyncio.create_task(work()) == {"call_id": CALL, "leg_id": LEG}
    assert bound_ids() == {"call_id": CALL}


def test_a_batch_of_commands_says_which_call_it_is_of() -> None:
    commands = [Command(call_id=CALL, add_leg=AddLeg(leg_id=LEG)), Command(call_id=CALL)]
    assert ids_of(ApplyBatchRequest(commands=commands)) == {"call_id": CALL}


def test_events_of_many_calls_are_of_none() -> None:
    def event(call_id: str) -> NewEvent:
        return NewEvent(stream=Stream(kind="call", id=call_id), leg_id=LEG)

    assert ids_of(AppendRequest(events=[event(CALL), event(CALL)])) == {"call_id": CALL, "leg_id": LEG}
    assert ids_of(AppendRequest(events=[event(CALL), event(OTHER)])) == {"leg_id": LEG}
    assert ids_of(NewEvent(stream=Stream(kind="desk", id=CALL))) == {}


def test_what_is_no_message_names_nothing() -> None:
    assert ids_of(None) == {}
    assert ids_of(b"call_id") == {}
