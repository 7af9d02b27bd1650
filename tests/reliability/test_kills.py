"""Each process is killed in the middle of speaking turns, under calls with real speech, and no call may suffer.

Calls are staggered, so that a kill finds each of them at another point of its talk; one of them, in turn, is the one
in whose speaking turn the seeded point lies. `CORDBOARD_KILL_SEED=1000` draws other points than the usual ones,
`CORDBOARD_KILL_CALLS=5` more of them, as `make kills` does.
"""

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable

import pytest
from kill_point import KillPoint
from kill_round import Kill, KillRound, Plan, Round
from kill_table import KillTable, Row
from kill_verdict import (
    booking_faults,
    decision_waits,
    faults_of,
    first_records,
    misplaced_kills,
    next_words,
)
from producer_audit import end_and_count, every_call
from record_faults import counter_faults
from spoken_call import SpokenCall
from temporalio.client import Client

from cordboard.call.v1.call_pb2 import DIRECTION_INBOUND
from cordboard.call.v1.call_service_pb2 import GetCallRequest, StartCallRequest
from cordboard.call.v1.call_service_pb2_grpc import CallServiceStub
from cordboard.cli.supervision.stack import Stack
from cordboard.cli.supervision.temporal_server import NAMESPACE
from cordboard.core.errors import UnavailableError
from cordboard.runtime.error_table import translate_errors
from cordboard.runtime.grpc_channel import open_user_channel
from cordboard.workflows.names import workflow_id

pytestmark = [pytest.mark.kill, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

FIRST_SEED = int(os.environ.get("CORDBOARD_KILL_SEED", "0"))
CALLS = int(os.environ.get("CORDBOARD_KILL_CALLS", "3"))
MOST_EXTRA_GAP_MS = 200.0
"""No caller may hear a longer gap than this beyond what the machine's own scheduling causes when nobody dies."""


def points(base: int, count: int = CALLS) -> list[KillPoint]:
    """Draw the points of one process's kills."""
    drawn = [KillPoint.of(FIRST_SEED + base + number) for number in range(count)]
    sys.stdout.writelines(f"{point}\n" for point in drawn)
    return drawn


def the_only(name: str) -> Callable[[SpokenCall], Awaitable[str]]:
    """Kill the one instance there is."""

    async def victim(_: SpokenCall) -> str:
        return name

    return victim


def the_carrier(stack: Stack) -> Callable[[SpokenCall], Awaitable[str]]:
    """Kill the worker that has the call in its hands."""

    async def victim(call: SpokenCall) -> str:
        client = await Client.connect(stack.address("temporal"), namespace=NAMESPACE)
        history = client.get_workflow_handle(workflow_id(call.call_id)).fetch_history_events()
        started = [event.workflow_task_started_event_attributes.identity async for event in history]
        return [identity for identity in started if identity][-1]

    return victim


async def judge(stack: Stack, table: KillTable, done: Round, recovery: str, waits: list[float]) -> Row:
    """Put the figures into the table; fail unless nothing was lost and nothing happened twice."""
    noise, gap = done.rtp_ms()
    seeds = [kill.point.seed for kill in done.kills]
    hits = sum(len(kill.calls) for kill in done.kills)
    component = done.kills[0].victim.rstrip("-0123456789")
    assert len(seeds) == CALLS, "a call was over before its point"
    row = Row(component, seeds, hits, recovery, waits, gap, noise)
    table.add(row)
    found = faults_of(done) + await booking_faults(stack, done) + misplaced_kills(done)
    assert not found, "\n".join(found)
    return row


def assert_nothing_was_heard(row: Row) -> None:
    """Fail when a caller was left without sound that should have been there."""
    assert row.gap_ms < row.noise_ms + MOST_EXTRA_GAP_MS


async def test_another_worker_takes_over_the_calls_of_one_that_is_killed(stack: Stack, table: KillTable) -> None:
    plan = Plan("worker", points(100), the_carrier(stack))
    done = await KillRound(stack, plan).run()
    waits = decision_waits(done)
    row = await judge(stack, table, done, "fact decided on", waits)
    assert_nothing_was_heard(row)
    assert max(waits) < 6


async def test_facts_and_decisions_outlast_a_ledger_that_is_killed(stack: Stack, table: KillTable) -> None:
    refusals: list[str] = []

    async def start_a_call(kill: Kill) -> None:
        request = StartCallRequest(request_id=str(uuid.uuid4()), vertical="healthcare", direction=DIRECTION_INBOUND)
        async with open_user_channel(stack.gateway_grpc, kill.lead.token()) as channel:
            with pytest.raises(UnavailableError) as caught:
                async with translate_errors():
                    await CallServiceStub(channel).StartCall(request, timeout=5)
        refusals.append(caught.value.reason)

    plan = Plan("ledger", points(200), the_only("ledger-1"), start_a_call)
    done = await KillRound(stack, plan).run()
    row = await judge(stack, table, done, "next event taken", first_records(done))
    assert_nothing_was_heard(row)
    assert refusals == ["LEDGER_AWAY"] * len(done.kills)


async def test_calls_go_on_and_watchers_come_back_when_a_gateway_is_killed(stack: Stack, table: KillTable) -> None:
    waits: list[float] = []

    async def ask_for_the_call(kill: Kill) -> None:
        async with open_user_channel(stack.gateway_grpc, kill.lead.token()) as channel:
            while True:
                try:
                    async with translate_errors():
                        await CallServiceStub(channel).GetCall(GetCallRequest(call_id=kill.lead.call_id), timeout=1)
                except UnavailableError:
                    await asyncio.sleep(0.02)
                else:
                    break
        waits.append(time.monotonic() - kill.at)

    plan = Plan("gateway", points(300), the_only("gateway-1"), ask_for_the_call)
    done = await KillRound(stack, plan).run()
    row = await judge(stack, table, done, "call shown again", waits)
    assert_nothing_was_heard(row)
    for kill in done.kills:
        assert all(any(kill.at <= at for at in (*call.app.breaks, *call.page.breaks)) for call in kill.calls)


async def test_a_call_goes_on_where_it_was_when_its_voice_agent_is_killed(stack: Stack, table: KillTable) -> None:
    # Many of them lie further apart: a call that four voice agents died over in a row is taken for their murderer.
    stagger_s = 20 if CALLS > 3 else 10
    plan = Plan("voice", points(400), the_only("voice-agent-1"), stagger_s=stagger_s, rest_s=6)
    done = await KillRound(stack, plan).run()
    waits = next_words(done)
    await judge(stack, table, done, "heard again", waits)
    assert waits


async def test_the_log_has_every_event_that_its_producers_have_counted(stack: Stack) -> None:
    """The last one: every process has told how many events it numbered, those that were killed in it as well."""
    counters = await end_and_count(stack, "media-node-1", "voice-agent-1")
    by_calls = {source: count for source, count in counters.items() if not source.startswith("gateway/")}
    assert {source.partition("/")[0] for source in by_calls} == {"media-node", "voice-agent"}
    assert counter_faults(await every_call(stack.directory.root), by_calls) == []
    assert not list((stack.directory.root / "spool").rglob("*.refused"))
