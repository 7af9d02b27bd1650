"""Tells the story of a call to whoever runs the demo: live on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cordboard.cli.demo.story import Beat, BeatKind, Story, slot_values

_MARKS = {
    BeatKind.PHASE: ("phase", "bold cyan"),
    BeatKind.CALLER: ("caller", "green"),
    BeatKind.AGENT: ("agent", "magenta"),
    BeatKind.CONSENT: ("consent", "yellow"),
    BeatKind.SLOT: ("learnt", "yellow"),
    BeatKind.TOOL: ("tool", "blue"),
    BeatKind.TURN: ("timing", "dim"),
    BeatKind.NOTE: ("note", "bold"),
}


class Narrator(Protocol):
    """Tells what happens."""

    def step(self, text: str) -> None:
        """Tell what is being done now."""
        ...

    def beat(self, at: float, beat: Beat, story: Story) -> None:
        """Tell one thing that happened, `at` seconds into the call."""
        ...

    def close(self) -> None:
        """Stop telling; what was told stays on the screen."""
        ...


class PlainNarrator:
    """One line per thing, for logs and pipes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def step(self, text: str) -> None:
        """Write what is being done now."""
        self._write(f"-- {text}")

    def beat(self, at: float, beat: Beat, story: Story) -> None:
        """Write one thing that happened."""
        self._write(f"{at:6.1f} s  {_MARKS[beat.kind][0]:<8} {beat.text}")

    def close(self) -> None:
        """Nothing is left to do."""

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


class RichNarrator:
    """Lines as they come, and below them how the call stands."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out)
        self._spinner = Spinner("dots", text="")
        self._live = Live(self._spinner, console=self._console, refresh_per_second=8, transient=True)
        self._live.start()

    def step(self, text: str) -> None:
        """Show what is being done now."""
        self._spinner.update(text=text)

    def beat(self, at: float, beat: Beat, story: Story) -> None:
        """Print one thing that happened and bring the panel up to date."""
        mark, style = _MARKS[beat.kind]
        line = Text(f"{at:6.1f} s  ", style="dim")
        line.append(f"{mark:<8} ", style=style)
        line.append(beat.text, style=style if beat.kind is BeatKind.PHASE else "")
        self._console.print(line)
        self._live.update(Group(_panel(story), self._spinner))

    def close(self) -> None:
        """Take the panel away."""
        self._live.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def narrator_for(out: TextIO) -> Narrator:
    """The narrator that suits where the story goes."""
    return RichNarrator(out) if out.isatty() else PlainNarrator(out)


def summary_table(report: dict[str, Any]) -> Table:
    """The report for people."""
    table = Table(show_header=False, box=None, pad_edge=False)
    heard = report["heard"]
    delays = [turn["caller_end_to_first_audio_ms"] for turn in report["turns"]]
    rows = [
        ("call", report["call_id"]),
        ("phases", " > ".join(report["phases"])),
        ("offer to first audio", _milliseconds([report["setup_ms"]["offer_to_first_audio"]])),
        ("end of speech to answer", _milliseconds(delays)),
        ("interruption to silence", _milliseconds([report.get("barge_in_ms")])),
        ("learnt", ", ".join(f"{name}: {value}" for name, value in report["slots"].items() if value)),
        ("tools", ", ".join(f"{call['name']} {call['outcome']}" for call in report["tool_calls"]) or "none"),
        ("word errors", f"{heard['caller_by_agent_wer']} by the agent, {heard['agent_by_caller_wer']} by the caller"),
        ("MOS (planning value)", str(report["mos"]["caller"])),
        ("captured", _captured(report.get("capture"))),
        ("published", _published(report)),
        ("record", f"{report['events']} events, chain {'valid' if report['chain_valid'] else 'BROKEN'}"),
        ("outcome", _came(report.get("outcome"))),
        ("replay equals live", "yes" if report["replay_equals_live"] else "NO"),
    ]
    for name, value in rows:
        table.add_row(Text(name, style="dim"), Text(value))
    for fault in report["faults"]:
        table.add_row(Text("fault", style="bold red"), Text(fault))
    return table


def _captured(capture: dict[str, Any] | None) -> str:
    if capture is None:
        return "nothing"
    state = "stored and unchanged" if capture["sha256_ok"] else "NOT AS STORED"
    return f"{capture['segments']} segments, {capture['seconds']:.0f} s, {state}"


def _published(report: dict[str, Any]) -> str:
    recording, transcript = report.get("recording"), report.get("transcript")
    if recording is None or transcript is None:
        return "nothing"
    sound = f"{recording['seconds']:.0f} s in {recording['channels']} channels, muted"
    took = f"{report.get('wrap_up_seconds', 0.0):.0f} s"
    return f"{sound}; transcript with {transcript['redactions']} redactions; after {took}"


def _came(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return "nothing"
    told = f"{outcome['disposition']}; wanted {outcome['intent']}; sounded {outcome['sentiment']['mood']}"
    left = f"; to do: {outcome['follow_up']}" if outcome["follow_up"] else ""
    return f"{told}; lead score {outcome['lead']['score']}{left}"


def _milliseconds(times: list[float | None]) -> str:
    measured = [f"{time:.0f}" for time in times if time is not None]
    return ", ".join(measured) + " ms" if measured else "never"


def _panel(story: Story) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1))
    table.add_row("phases", " > ".join(story.phase_names))
    known = {name: value for name, value in slot_values(story.state.slots).items() if value}
    table.add_row("learnt", ", ".join(f"{name}: {value}" for name, value in known.items()) or "nothing yet")
    calls = ", ".join(f"{call.name} {call.outcome}" for call in story.state.tool_calls)
    table.add_row("tools", calls or "none yet")
    return table
