import pytest
from google.protobuf.message import Message
from temporalio.api.enums.v1 import EventType

from cordboard.call.v1.decisions_pb2 import NodePlaced
from cordboard.call.v1.facts_pb2 import CallOpened, MediaCommandApplied
from cordboard.cli.bench.setup.start_stages import stages_of_start
from cordboard.ledger.v1.envelope_pb2 import Envelope

BEGAN = 1_000.0
HISTORY: dict[int, float] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: BEGAN + 0.010,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: BEGAN + 0.012,
}


def envelope(event: Message, at: float) -> Envelope:
    made = Envelope()
    made.event.event.Pack(event)
    made.event.occurred_at.FromMicroseconds(round(at * 1e6))
    made.recorded_at.FromMicroseconds(round(at * 1e6))
    return made


LOG = [
    envelope(CallOpened(), BEGAN + 0.004),
    envelope(NodePlaced(), BEGAN + 0.020),
    envelope(MediaCommandApplied(kind="create_room"), BEGAN + 0.022),
    envelope(MediaCommandApplied(kind="add_leg"), BEGAN + 0.030),
    envelope(MediaCommandApplied(kind="add_leg"), BEGAN + 0.500),
]


def test_the_stages_add_up_to_the_whole() -> None:
    stages = stages_of_start(LOG, HISTORY, BEGAN, 0.040)
    assert list(stages.values()) == pytest.approx([4, 6, 2, 8, 10, 10])
    assert sum(stages.values()) == pytest.approx(40)


def test_a_leg_that_was_added_after_the_answer_is_no_part_of_it() -> None:
    assert stages_of_start(LOG, HISTORY, BEGAN, 0.040)["node: room and legs"] == pytest.approx(10)


def test_a_stage_that_left_no_trace_is_part_of_the_next() -> None:
    stages = stages_of_start([], HISTORY, BEGAN, 0.040)
    assert list(stages) == [
        "gateway, Temporal: workflow started",
        "Temporal: task given to the worker",
        "worker, Temporal, gateway: answer",
    ]
    assert sum(stages.values()) == pytest.approx(40)
