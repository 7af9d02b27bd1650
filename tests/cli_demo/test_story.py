from call_log import BEGAN, booked_call

from cordboard.cli.demo.story import BeatKind, Story, slot_values


def _told() -> tuple[Story, list[tuple[BeatKind, str]]]:
    story = Story()
    beats = [beat for envelope in booked_call() for beat in story.take(envelope)]
    return story, [(beat.kind, beat.text) for beat in beats]


def test_the_phases_of_a_call_are_told_in_order() -> None:
    story, beats = _told()
    phases = ["offered", "intake", "ai_engaged", "wrapping_up", "completed"]
    assert [text.split()[0] for kind, text in beats if kind is BeatKind.PHASE] == phases
    assert story.phase_names == phases
    assert story.is_over
    assert story.outcome == "done"


def test_both_sides_of_the_talk_are_told_as_they_were_heard() -> None:
    story, beats = _told()
    assert (BeatKind.AGENT, "May we record this call?") in beats
    assert (BeatKind.CALLER, "Yes, that is fine.") in beats
    assert story.said_by_agent == ["May we record this call?", "What is your name?"]
    assert [utterance.at - BEGAN for utterance in story.heard_by_agent] == [3, 6]


def test_slots_and_tools_are_told_when_they_change() -> None:
    story, beats = _told()
    assert (BeatKind.SLOT, "name = Ann Poe") in beats
    assert (BeatKind.SLOT, "urgency = soon") in beats
    assert (BeatKind.TOOL, "healthcare.book_appointment ok") in beats
    assert slot_values(story.state.slots)["callback_number"] == "5550142233"


def test_quality_is_kept_by_leg_even_when_it_comes_after_the_end() -> None:
    story, _ = _told()
    assert story.mos_by_leg == {"c": 4.3}


def test_an_event_told_twice_counts_once() -> None:
    story, _ = _told()
    before = story.events
    assert [beat for envelope in booked_call() for beat in story.take(envelope)] == []
    assert story.events == before == len(booked_call().envelopes)


def test_time_is_told_from_the_first_event() -> None:
    story = Story()
    envelopes = booked_call().envelopes
    for envelope in envelopes:
        story.take(envelope)
    assert abs(story.seconds(envelopes[-1]) - 9.3) < 1e-3
