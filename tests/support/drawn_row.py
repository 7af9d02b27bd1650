"""A call's row as a picture."""

from collections.abc import Iterable
from html import escape
from typing import Any

WIDTH, LEFT, LINE = 1000, 28, 24
_VALUES = 250
_INK, _FAINT, _RULE, _SEALED = "#16222e", "#5d6b78", "#dfe5ea", "#b4531f"


def rows_of(report: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Give the row's columns: name, value, and whether it stands sealed in the table."""
    outcome = report["outcome"]
    reasons = ", ".join(f"{code} {points:+d}" for code, points in outcome["lead"]["reasons"].items())
    tools = outcome["tools"]
    mood = outcome["sentiment"]
    rows = [
        ("disposition", outcome["disposition"], False),
        ("intent", outcome["intent"], False),
        ("sentiment", f"{mood['mood']}, {mood['score']:+.2f}, {mood['turns']} turns judged", False),
        ("lead score", f"{outcome['lead']['score']} of 100 ({reasons})", False),
        ("escalated, urgency", f"{'yes' if outcome['escalated'] else 'no'}, {outcome['urgency']}", False),
        ("tools", f"{tools['intended']} intended, {tools['succeeded']} succeeded", False),
        ("quality (MOS)", ", ".join(f"{leg.split('-')[0]} {mos:.2f}" for leg, mos in outcome["mos"].items()), False),
        ("latency, p50 in ms", ", ".join(f"{stage} {ms}" for stage, ms in outcome["latency_ms"].items()), False),
        ("follow-up", outcome["follow_up"] or "none", False),
        ("summary, redacted", outcome["summary"], False),
    ]
    rows += [(f"slot {name}", value, True) for name, value in outcome["slots"].items()]
    return rows


def draw_row(report: dict[str, Any]) -> str:
    """Draw the row of a report's call."""
    body: list[str] = []
    y = 74
    for name, value, sealed in rows_of(report):
        lines = list(_folded(value, 88))
        colour = _SEALED if sealed else _INK
        body.append(f'  <text x="{LEFT}" y="{y}" fill="{_FAINT}">{escape(name)}</text>')
        for at, line in enumerate(lines):
            body.append(f'  <text x="{_VALUES}" y="{y + at * 18}" fill="{colour}">{escape(line)}</text>')
        y += LINE + 18 * (len(lines) - 1)
        body.append(f'  <path d="M{LEFT} {y - 16}H{WIDTH - LEFT}" stroke="{_RULE}"/>')
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 24}" role="img" aria-labelledby="t d" '
        'font-family="system-ui, sans-serif" font-size="13">\n'
        '  <title id="t">The row of the demo\'s call</title>\n'
        '  <desc id="d">What wrap-up derived from one call, column by column; slots are sealed in the table.</desc>\n'
        f'  <rect width="{WIDTH}" height="{y + 24}" fill="#fff"/>\n'
        f'  <text x="{LEFT}" y="34" font-weight="600" fill="{_INK}">cordboard outcome show: a call of the demo</text>\n'
    )
    foot = (
        f'  <text x="{LEFT}" y="{y + 8}" fill="{_SEALED}">sealed under the call\'s key; '
        "shown with the scope phi only, and on record</text>\n</svg>\n"
    )
    return head + "\n".join(body) + "\n" + foot


def _folded(text: str, most: int) -> Iterable[str]:
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    yield line
