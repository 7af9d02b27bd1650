"""The law of phases, as data."""

from __future__ import annotations

from cordboard.call.v1.call_pb2 import Phase
from cordboard.core import phases
from cordboard.core.policy import DEFAULT


def test_every_phase_of_the_contract_has_its_followers() -> None:
    assert set(phases.FOLLOWERS) == set(Phase.values())


def test_nothing_follows_a_final_phase() -> None:
    assert {phase for phase, after in phases.FOLLOWERS.items() if not after} == phases.FINAL


def test_every_living_phase_can_reach_an_end() -> None:
    for start in phases.LIVING:
        reached = {start}
        while more := {after for phase in reached for after in phases.FOLLOWERS[phase]} - reached:
            reached |= more
        assert reached & phases.FINAL


def test_every_open_phase_can_be_left_from_anywhere() -> None:
    ends = {"ABANDONED", "FAILED", "CANCELLED"}
    for phase in phases.OPEN:
        assert ends <= {phases.phase_name(after) for after in phases.FOLLOWERS[phase]}


def test_every_phase_is_entered_by_some_event() -> None:
    assert set(phases.PHASE_AFTER.values()) == set(Phase.values()) - {0}


def test_an_unknown_phase_still_has_a_name() -> None:
    assert phases.phase_name(99) == "99"  # type: ignore[arg-type]


def test_a_ring_is_shorter_than_patience_and_patience_shorter_than_a_call() -> None:
    assert DEFAULT.ring < DEFAULT.patience < DEFAULT.max_call
