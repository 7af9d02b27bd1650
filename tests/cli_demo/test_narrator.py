import io

from call_log import booked_call
from rich.console import Console

from cordboard.cli.demo.narrator import PlainNarrator, narrator_for, summary_table
from cordboard.cli.demo.story import Story


def test_without_a_terminal_the_story_is_plain_lines() -> None:
    out = io.StringIO()
    narrator = narrator_for(out)
    assert isinstance(narrator, PlainNarrator)
    narrator.step("calling")
    story = Story()
    for envelope in booked_call():
        for beat in story.take(envelope):
            narrator.beat(story.seconds(envelope), beat, story)
    narrator.close()
    lines = out.getvalue().splitlines()
    assert lines[0] == "-- calling"
    assert any("phase    completed" in line for line in lines)
    assert any("caller   Yes, that is fine." in line for line in lines)
    assert "\x1b" not in out.getvalue()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_lines_stay_and_a_panel_shows_how_the_call_stands() -> None:
    out = _Terminal()
    narrator = narrator_for(out)
    story = Story()
    for envelope in booked_call():
        for beat in story.take(envelope):
            narrator.beat(story.seconds(envelope), beat, story)
    narrator.close()
    assert "Yes, that is fine." in out.getvalue()
    assert "completed" in out.getvalue()


def test_the_summary_says_never_for_what_was_never_heard() -> None:
    report = {
        "call_id": "c",
        "phases": ["offered"],
        "setup_ms": {"offer_to_first_audio": None},
        "turns": [],
        "slots": {"name": ""},
        "tool_calls": [],
        "heard": {"caller_by_agent_wer": None, "agent_by_caller_wer": None},
        "mos": {"caller": None},
        "events": 3,
        "chain_valid": True,
        "replay_equals_live": False,
        "faults": ["the caller never heard anything"],
    }
    out = io.StringIO()
    Console(file=out, width=100).print(summary_table(report))
    assert "never" in out.getvalue()
    assert "None ms" not in out.getvalue()
    assert "fault" in out.getvalue()
