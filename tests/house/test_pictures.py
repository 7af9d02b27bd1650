"""Pictures of calls are drawn from what a run gave, and show what is in it."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from drawn_row import draw_row
from drawn_trace import draw_trace
from otlp_receiver import ReceivedSpan

DOCS = Path(__file__).parents[2] / "docs"
MS = 1_000_000
REPORT: dict[str, Any] = {
    "outcome": {
        "disposition": "served_by_ai",
        "summary": "[NAME] asked for an appointment & was given one.",
        "intent": "book",
        "sentiment": {"mood": "neutral", "score": 0.1, "turns": 7},
        "lead": {"score": 55, "reasons": {"BOOKED": 40, "REACHABLE": 15}},
        "escalated": False,
        "urgency": "routine",
        "slots": {"callback_number": "+15550123"},
        "mos": {"caller-1": 4.4},
        "latency_ms": {"asr": 120},
        "tools": {"intended": 2, "succeeded": 2},
        "follow_up": "",
    }
}


def texts(drawn: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(drawn).iter() if element.tag.endswith("text")]


def test_a_row_is_drawn_whole() -> None:
    shown = texts(draw_row(REPORT))
    assert "served_by_ai" in shown
    assert "[NAME] asked for an appointment & was given one." in shown
    assert "+15550123" in shown
    assert "55 of 100 (BOOKED +40, REACHABLE +15)" in shown


def test_a_trace_has_a_band_per_process_and_a_bar_per_span() -> None:
    def span(service: str, name: str, begin: int, end: int) -> ReceivedSpan:
        return ReceivedSpan(service, name, "t", "", begin * MS, end * MS)

    spans = [
        span("gateway", "POST /v1/legs", 1000, 1060),
        span("worker", "RunActivity:admit", 1030, 1050),
        span("ledger", "cordboard.ledger.v1.LedgerService/Append", 1035, 1040),
        span("worker", "HandleUpdate:start_call", 1030, 1030),
        span("voice-agent", "turn", 5000, 5500),
    ]
    drawn = draw_trace(spans)
    shown = texts(drawn)
    assert {"gateway", "worker", "ledger", "voice-agent", "activity admit", "Append", "turn"} <= set(shown)
    assert not any("HandleUpdate" in text for text in shown)
    bars = [one for one in ET.fromstring(drawn).iter() if one.get("rx")]
    # The start, the one turn, the whole of it.
    assert len(bars) == 3 + 1 + 4


@pytest.mark.parametrize("name", ["outcome.svg", "trace.svg"])
def test_the_pictures_of_the_documentation_are_whole(name: str) -> None:
    assert len(texts((DOCS / name).read_text(encoding="utf-8"))) > 10
