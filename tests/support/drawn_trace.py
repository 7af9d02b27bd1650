"""A call's trace as a picture: spans as bars over time, a band per process; its start, one turn, and all of it."""

from collections.abc import Sequence, Set
from html import escape

from otlp_receiver import ReceivedSpan

WIDTH, LEFT, RIGHT = 1000, 132, 980
_BAR, _GAP, _LETTER = 13, 3, 5.6
_INK, _FAINT, _RULE = "#16222e", "#5d6b78", "#dfe5ea"
_COLOURS = {
    "gateway": "#2f5d8a",
    "ledger": "#7a5ea8",
    "worker": "#3d7d5a",
    "media-node": "#b4531f",
    "voice-agent": "#a8833a",
    "wrap-up": "#6b7b8a",
}
_AFTER_ANSWER_MS, _AROUND_MS = 90.0, 60.0
# In the whole call so frequent that their names would hide all others.
_UNNAMED = frozenset({"Append", "activity append", "activity wrap_up.append_facts"})


class _Part:
    """One stretch of time, drawn from `top` on."""

    def __init__(
        self, spans: Sequence[ReceivedSpan], begin_ns: float, end_ns: float, top: float, unnamed: Set[str] = frozenset()
    ) -> None:
        self._unnamed = unnamed
        self._spans = [span for span in spans if span.started_ns < end_ns and span.ended_ns > begin_ns]
        self._begin, self._end = begin_ns, end_ns
        self.y = top
        self.drawn: list[str] = []

    def draw(self, title: str, step_ms: float, unit: str) -> None:
        """Draw title, bands and scale."""
        self.drawn.append(f'  <text x="28" y="{self.y}" font-weight="600" fill="{_INK}">{escape(title)}</text>')
        self.y += 16
        top = self.y
        for process in _COLOURS:
            mine = [span for span in self._spans if span.service == process]
            if mine:
                self._band(process, mine)
        self._scale(top, step_ms, unit)

    def _band(self, process: str, spans: list[ReceivedSpan]) -> None:
        lanes: list[float] = []
        top = self.y
        colour = _COLOURS[process]
        for span in sorted(spans, key=lambda one: (one.started_ns, -one.ended_ns)):
            x, end = self._x(span.started_ns), self._x(span.ended_ns)
            width = max(end - x, 1.5)
            label = "" if short(span.name) in self._unnamed else short(span.name)
            letters = len(label) * _LETTER
            inside = letters + 6 < width
            before = not inside and x + width + 4 + letters > RIGHT + 14
            taken = x + width + (0 if inside or before or not label else 4 + letters)
            begins = x - letters - 6 if before else x
            lane = next((at for at, free in enumerate(lanes) if free <= begins), len(lanes))
            if lane == len(lanes):
                lanes.append(0.0)
            lanes[lane] = taken + (6 if label else 1)
            y = top + lane * (_BAR + _GAP)
            self.drawn.append(
                f'  <rect x="{x:.1f}" y="{y:.0f}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>'
            )
            where = x + 3 if inside else x - letters - 3 if before else x + width + 3
            self._label(label, where, y, "#fff" if inside else _INK)
        self.drawn.append(f'  <text x="28" y="{top + 11:.0f}" fill="{colour}" font-weight="600">{process}</text>')
        self.y = top + len(lanes) * (_BAR + _GAP) + 6

    def _label(self, label: str, x: float, y: float, colour: str) -> None:
        if label:
            where = f'x="{x:.1f}" y="{y + 10:.0f}"'
            self.drawn.append(f'  <text {where} font-size="10.5" fill="{colour}">{escape(label)}</text>')

    def _scale(self, top: float, step_ms: float, unit: str) -> None:
        at = 0.0
        rules = []
        while at <= (self._end - self._begin) / 1e6:
            x = self._x(self._begin + int(at * 1e6))
            shown = f"{at / (1000 if unit == 's' else 1):g} {unit}"
            rules.append(f'  <path d="M{x:.1f} {top - 4:.0f}V{self.y:.0f}" stroke="{_RULE}"/>')
            rules.append(f'  <text x="{x:.1f}" y="{self.y + 12:.0f}" font-size="10.5" fill="{_FAINT}">{shown}</text>')
            at += step_ms
        # Behind the bars.
        self.drawn[1:1] = rules
        self.y += 40

    def _x(self, at_ns: float) -> float:
        share = (min(max(at_ns, self._begin), self._end) - self._begin) / (self._end - self._begin)
        return LEFT + share * (RIGHT - LEFT)


def short(name: str) -> str:
    """Name a span as briefly as it is understood: methods without their package, Temporal's without their kind."""
    tail = name.rpartition("/")[2] if name.startswith("cordboard.") else name
    for verbose, brief in (("StartUpdateWithStartWorkflow:", "update with start: "), ("RunActivity:", "activity ")):
        tail = tail.replace(verbose, brief)
    return tail


def worth_drawing(spans: Sequence[ReceivedSpan]) -> list[ReceivedSpan]:
    """Leave out what has no length of its own: Temporal's marks in workflows."""
    return [span for span in spans if span.ended_ns > span.started_ns and span.service in _COLOURS]


def draw_trace(spans: Sequence[ReceivedSpan]) -> str:
    """Draw the spans of one trace."""
    drawn = worth_drawing(spans)
    begin = min(span.started_ns for span in drawn)
    answered = max(span.ended_ns for span in drawn if span.started_ns == begin)
    start = _Part(drawn, begin, answered + _AFTER_ANSWER_MS * 1e6, 34)
    start.draw("the call's start: the request, its answer, and the voice agent on its way", 20, "ms")
    parts = [start]
    # The turn in which most happens is one in which a tool is asked.
    turns = [span for span in drawn if span.name == "turn"]
    if turns:
        turn = max(turns, key=lambda one: sum(one.started_ns <= span.started_ns < one.ended_ns for span in drawn))
        around = _AROUND_MS * 1e6
        one = _Part(drawn, turn.started_ns - around, turn.ended_ns + around, parts[-1].y)
        one.draw("one turn: the end of the caller's speech to the first audio of the reply", 50, "ms")
        parts.append(one)
    end = max(span.ended_ns for span in drawn)
    longer = [span for span in drawn if span.ended_ns - span.started_ns > 2e6 and not span.name.startswith("turn.")]
    whole = _Part(longer, begin, end, parts[-1].y, _UNNAMED)
    whole.draw(
        f"the whole call and its wrap-up, {(end - begin) / 1e9:.0f} s; without what took less than 2 ms", 5000, "s"
    )
    parts.append(whole)
    height = whole.y
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="13">\n'
        '  <title id="t">The trace of the demo\'s call</title>\n'
        f'  <desc id="d">{len(drawn)} spans of one trace as bars over time, by process.</desc>\n'
        f'  <rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>\n'
        + "\n".join(line for part in parts for line in part.drawn)
        + "\n</svg>\n"
    )
