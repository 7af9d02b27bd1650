"""Draws a call of the demo for the documentation: its row as `docs/outcome.svg`, its trace as `docs/trace.svg`.

By itself it has the demo place a call and receives the spans of all processes. `--from FOLDER` draws once more what it
kept in such a folder (`--keep FOLDER`).
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from drawn_row import draw_row  # noqa: E402
from drawn_trace import draw_trace  # noqa: E402
from otlp_receiver import ReceivedSpan, otlp_receiver  # noqa: E402

DOCS = ROOT / "docs"
REPORT, SPANS = "report.json", "spans.json"


async def place_call(home: Path) -> tuple[dict[str, Any], list[ReceivedSpan]]:
    """Run the demo once and give its report and all spans of its call's trace."""
    with otlp_receiver() as receiver:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cordboard.cli", "demo", "--once", "--json", "--home", str(home)),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "CORDBOARD_OTLP_ENDPOINT": receiver.address},
        )
        out, _ = await process.communicate()
        if process.returncode:
            sys.exit("the demo's call was not as it should be")
        report: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
        return report, trace_of_call(receiver.spans)


def trace_of_call(spans: list[ReceivedSpan]) -> list[ReceivedSpan]:
    """Find the trace that a request for a call began."""
    began = next(span for span in spans if span.name == "POST /v1/legs")
    return [span for span in spans if span.trace_id == began.trace_id]


def main() -> None:
    """Draw."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--from", dest="kept", type=Path)
    asked.add_argument("--keep", type=Path)
    options = asked.parse_args()
    if options.kept:
        report = json.loads((options.kept / REPORT).read_text(encoding="utf-8"))
        spans = [ReceivedSpan(**one) for one in json.loads((options.kept / SPANS).read_text(encoding="utf-8"))]
    else:
        with tempfile.TemporaryDirectory() as folder:
            report, spans = asyncio.run(place_call(Path(folder) / "home"))
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / REPORT).write_text(json.dumps(report), encoding="utf-8")
        (options.keep / SPANS).write_text(json.dumps([asdict(span) for span in spans]), encoding="utf-8")
    for name, drawn in (("outcome.svg", draw_row(report)), ("trace.svg", draw_trace(spans))):
        (DOCS / name).write_text(drawn, encoding="utf-8")
        print(f"docs/{name}: {len(drawn)} bytes")


if __name__ == "__main__":
    main()
