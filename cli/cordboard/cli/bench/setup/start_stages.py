"""Where the time of a call's start went, told from the call's log and its workflow's history."""

from collections.abc import Mapping, Sequence

from temporalio.api.enums.v1 import EventType

from cordboard.call.v1.facts_pb2 import MediaCommandApplied
from cordboard.cli.event_json import event_name
from cordboard.core.timestamps import to_us
from cordboard.ledger.v1.envelope_pb2 import Envelope


def stages_of_start(
    log: Sequence[Envelope], history: Mapping[int, float], began: float, took: float
) -> dict[str, float]:
    """Give the stages in order in milliseconds; one whose end left no trace is part of the next.

    `history` tells when each kind of event first came up, `began` is the time of the request, all in seconds since the
    Unix epoch; `took` are the seconds until the answer. All clocks are one machine's.
    """
    marks = {
        "gateway, ledger: call opened": _recorded(log, "CallOpened"),
        "gateway, Temporal: workflow started": history.get(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, 0.0),
        "Temporal: task given to the worker": history.get(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, 0.0),
        "worker, ledger: placed, first decisions logged": _recorded(log, "NodePlaced"),
        "node: room and legs": _last_leg(log, began + took),
        "worker, Temporal, gateway: answer": began + took,
    }
    stages, before = {}, began
    for name, at in marks.items():
        if at:
            stages[name] = round((at - before) * 1000, 3)
            before = at
    return stages


def _recorded(log: Sequence[Envelope], name: str) -> float:
    times = [to_us(envelope.recorded_at) / 1e6 for envelope in log if event_name(envelope) == name]
    return times[0] if times else 0.0


def _last_leg(log: Sequence[Envelope], until: float) -> float:
    """Tell when the node had added the last of the legs that stand before the answer."""
    times = [to_us(envelope.event.occurred_at) / 1e6 for envelope in log if _adds_leg(envelope)]
    return max((at for at in times if at <= until), default=0.0)


def _adds_leg(envelope: Envelope) -> bool:
    applied = MediaCommandApplied()
    return envelope.event.event.Unpack(applied) and applied.kind == "add_leg"
