"""What is wrong with the record of one call: events lost, events twice, a state that is not the workflow's own.

Pure: envelopes go in, faults in words come out; no fault is an empty list.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence

from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.core.event_message import unpack
from cordboard.core.fold import decision_source, fold_envelopes
from cordboard.core.state_digest import to_canonical_json
from cordboard.ledger.v1.envelope_pb2 import Envelope


def numbering_faults(envelopes: Sequence[Envelope]) -> list[str]:
    """Check that the stream and each of its producers count from 1, leave nothing out and repeat nothing."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for envelope in envelopes:
        numbers[envelope.event.source].append(envelope.event.source_seq)
    found = _counting("the stream", [envelope.seq for envelope in envelopes])
    for source, given in sorted(numbers.items()):
        found += _counting(source, given)
    return found


def counter_faults(envelopes: Sequence[Envelope], counters: dict[str, int]) -> list[str]:
    """Check that the log has as much of each source as the source itself has counted."""
    logged = Counter(envelope.event.source for envelope in envelopes)
    return [
        f"{source} counted {count}, the log has {logged[source]}"
        for source, count in sorted(counters.items())
        if logged[source] != count
    ]


def live_faults(envelopes: Sequence[Envelope], live: str) -> list[str]:
    """Check that the log folds to the state that the workflow gives, and holds every one of its decisions."""
    state = fold_envelopes(envelopes)
    folded = to_canonical_json(state) if state is not None else ""
    found = [] if folded == live else ["the log does not fold to the workflow's own state"]
    call_id = envelopes[0].event.stream.id if envelopes else ""
    return found + counter_faults(envelopes, {decision_source(call_id): int(json.loads(live)["decisions"])})


def effect_faults(envelopes: Sequence[Envelope]) -> list[str]:
    """Check that nothing was done twice: no tool call, no greeting, no consent question answered anew."""
    events = [event for event in map(unpack, envelopes) if event is not None]
    intents = Counter(event.tool_call_id for event in events if isinstance(event, decisions.ToolCallIntended))
    settled = Counter(event.tool_call_id for event in events if isinstance(event, decisions.ToolCallSettled))
    found = [f"tool call {name} was intended {times} times" for name, times in intents.items() if times > 1]
    found += [f"tool call {name} was settled {settled[name]} times" for name in intents if settled[name] != 1]
    consents = sum(isinstance(event, decisions.ConsentRecorded) for event in events)
    if consents != 1:
        found.append(f"consent was recorded {consents} times")
    return found


def greetings(envelopes: Sequence[Envelope], greeting: str) -> int:
    """Count how often the caller heard a greeting begin."""
    events = list(map(unpack, envelopes))
    begun = {event.play_id for event in events if isinstance(event, facts.PlayoutStarted)}
    plans = [event for event in events if isinstance(event, facts.ReplyPlanned)]
    return sum(greeting in plan.clauses and plan.play_id in begun for plan in plans)


def forgotten_slots(envelopes: Sequence[Envelope]) -> list[str]:
    """Name what the call had learnt and then lost."""
    known: set[str] = set()
    lost: list[str] = []
    for envelope in envelopes:
        event = unpack(envelope)
        if isinstance(event, decisions.SlotsTaken):
            now = {field.name for field, value in event.slots.ListFields() if value}
            lost += sorted(known - now)
            known |= now
    return lost


def _counting(what: str, given: Sequence[int]) -> list[str]:
    wanted = list(range(1, len(given) + 1))
    if list(given) == wanted:
        return []
    twice = sorted(number for number, times in Counter(given).items() if times > 1)
    missing = sorted(set(range(1, max(given) + 1)) - set(given))
    return [f"{what} does not count from 1 in order: twice {twice[:5]}, missing {missing[:5]}"]
