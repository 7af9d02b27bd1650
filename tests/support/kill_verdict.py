"""What a round of kills has to answer for: calls lost, events lost or twice, who was kept waiting for how long."""

from collections.abc import Iterator, Sequence

import asyncpg
from kill_round import WINDOW_S, Kill, Round
from record_faults import effect_faults, forgotten_slots, greetings, live_faults, numbering_faults
from spoken_call import VERTICAL, SpokenCall

from cordboard.activities.fact_relay import URGENT
from cordboard.activities.mailboxes import LINGER
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1.call_pb2 import CONSENT_GIVEN, PHASE_COMPLETED, TALK_OUTCOME_DONE
from cordboard.cli.demo.outcome import slot_faults
from cordboard.cli.demo.story import slot_values
from cordboard.cli.supervision.stack import Stack
from cordboard.core.event_message import occurred_us, unpack
from cordboard.core.fold import fold_envelopes, is_decision_envelope
from cordboard.ledger.v1.envelope_pb2 import Envelope

GREETING = "Lakeside Clinic, this is Robin."
_EDGE_S = 0.25


def faults_of(done: Round) -> list[str]:
    """Everything that is not as if nobody had been killed; empty when all is well."""
    found = []
    for call in done.calls:
        record = done.record(call)
        wrong = call_faults(call, record) + numbering_faults(record) + effect_faults(record)
        wrong += live_faults(record, done.live[call.call_id])
        wrong += [] if done.chains[call.call_id] else ["the chain is broken"]
        wrong += outage_faults(record, [kill.wall for kill in done.kills if kill.victim.startswith("voice-agent")])
        wrong += _watching_faults("the app", call.app.seqs) + _watching_faults("the page", call.page.seqs)
        found += [f"call {call.name}: {fault}" for fault in wrong]
    return found


def call_faults(call: SpokenCall, record: Sequence[Envelope]) -> list[str]:
    """Check that the call came to its end, with what the caller said and no greeting but the first."""
    state = fold_envelopes(record)
    if state is None:
        return ["there is no call"]
    found = [] if call.report["ended_well"] else [f"the caller ended with {call.report['conversation']['outcome']}"]
    if state.phase != PHASE_COMPLETED or state.talk_outcome != TALK_OUTCOME_DONE:
        found.append(f"it ended in phase {state.phase} with outcome {state.talk_outcome} {state.end_reason}")
    if state.consent != CONSENT_GIVEN:
        found.append("the consent is not on record")
    found += slot_faults(call.script.persona, slot_values(state.slots))
    found += [f"slot {name} was forgotten" for name in forgotten_slots(record)]
    if (times := greetings(record, GREETING)) != 1:
        found.append(f"the caller was greeted {times} times")
    return found


def outage_faults(record: Sequence[Envelope], kills: Sequence[float]) -> list[str]:
    """Check that no voice agent left the call but those that were killed in it: callers forgive an agent's outages."""
    if not record:
        return []
    times = [occurred_us(envelope) / 1e6 for envelope in record]
    deaths = sum(min(times) - _EDGE_S <= at <= max(times) for at in kills)
    ports = [event for event in map(unpack, record) if isinstance(event, facts.VoicePortChanged)]
    began = sum(port.attached for port in ports)
    return [f"{began} voice agents began to talk in it over {deaths} kills"] if began > deaths + 1 else []


async def booking_faults(stack: Stack, done: Round) -> list[str]:
    """Check in the clinic's own system that each caller has one appointment."""
    connection = await asyncpg.connect((stack.directory.secrets / "postgres-vertical-url").read_text())
    try:
        rows = await connection.fetch(f"SELECT call_id, count(*) FROM {VERTICAL}.appointment GROUP BY call_id")
    finally:
        await connection.close()
    booked = {row["call_id"]: row["count"] for row in rows}
    return [
        f"call {call.name} has {booked.get(call.call_id, 0)} appointments"
        for call in done.calls
        if booked.get(call.call_id, 0) != 1
    ]


def misplaced_kills(done: Round) -> list[str]:
    """Name the kills that did not fall into a speaking turn of the call in which they were to be."""
    return [
        f"{kill.point} of call {kill.lead.name} fell between the turns"
        for kill in done.kills
        if not any(
            span.speaker is kill.point.speaker and span.began - _EDGE_S <= kill.wall <= span.ended + _EDGE_S
            for span in kill.lead.spoken(done.record(kill.lead))
        )
    ]


def decision_waits(done: Round) -> list[float]:
    """Tell for each kill and call how long, at the worst, a fact of that time waited for its decision, in seconds."""
    waits = []
    for kill in done.kills:
        for call in kill.calls:
            lags = list(_lags(done.record(call), kill.wall - 1, kill.wall + WINDOW_S))
            waits += [max(lags)] if lags else []
    return waits


def first_records(done: Round) -> list[float]:
    """Tell for each kill how long it took until the ledger took the next event, in seconds."""
    taken = sorted(_recorded(envelope) for record in done.records.values() for envelope in record)
    return [next(at for at in taken if at > kill.wall) - kill.wall for kill in done.kills]


def next_words(done: Round) -> list[float]:
    """Tell for each kill and call how long it took until another voice agent was heard, in seconds."""
    return [wait for kill in done.kills for call in kill.calls for wait in _next_word(kill, done.record(call))]


def _next_word(kill: Kill, record: Sequence[Envelope]) -> Iterator[float]:
    attached = False
    for envelope in record:
        event, at = unpack(envelope), occurred_us(envelope) / 1e6
        if at < kill.wall:
            continue
        if isinstance(event, facts.VoicePortChanged) and event.attached:
            attached = True
        elif isinstance(event, facts.PlayoutStarted) and attached:
            yield at - kill.wall
            return


def _lags(record: Sequence[Envelope], since: float, until: float) -> Iterator[float]:
    found = {envelope.seq: envelope for envelope in record}
    answered: set[int] = set()
    for envelope in record:
        cause = envelope.event.causation.seq
        if not is_decision_envelope(envelope) or cause not in found or cause in answered:
            continue
        answered.add(cause)
        fact = found[cause]
        patience = 0.0 if fact.event.event.TypeName() in URGENT else LINGER
        if since <= _recorded(fact) <= until:
            yield max(0.0, _recorded(envelope) - _recorded(fact) - patience)


def _recorded(envelope: Envelope) -> float:
    return envelope.recorded_at.ToMicroseconds() / 1e6


def _watching_faults(who: str, seqs: Sequence[int]) -> list[str]:
    return [] if seqs and list(seqs) == list(range(1, len(seqs) + 1)) else [f"{who} that watches missed or saw twice"]
