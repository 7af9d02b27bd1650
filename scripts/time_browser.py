"""Measures click to first audio in a fresh browser: a new Chromium for each try, its microphone opened by the click.

Prints what `cordboard bench` prints, the opening of the microphone apart. The microphone is Chromium's own fake device,
so what a real one takes to open is not in it. Everything runs on this machine, the browser included.
"""

import argparse
import asyncio
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from page_house import ARGUMENTS, CHROMIUM  # noqa: E402
from playwright.async_api import Playwright, async_playwright  # noqa: E402

from cordboard.cli.bench.figure import Bar, Figure  # noqa: E402
from cordboard.cli.bench.machine import Machine  # noqa: E402
from cordboard.cli.bench.progress import Progress, shown_progress  # noqa: E402
from cordboard.cli.bench.report import Report  # noqa: E402
from cordboard.cli.bench.spread import Spread, stages_of  # noqa: E402
from cordboard.cli.bench.workshop import workshop  # noqa: E402
from cordboard.cli.output import console, print_json  # noqa: E402
from cordboard.cli.page_addresses import page_addresses  # noqa: E402

MOST_MS = 900.0
WAIT_MS = 30_000
# Between calls the last one is released and wrapped up.
CALM_SECONDS = 1.5

WATCH = """
window.marks = {};
const mark = name => { window.marks[name] ??= performance.now(); };
addEventListener('click', () => mark('click'), {capture: true});
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async wanted => {
  mark('microphone asked');
  try { return await open(wanted); } finally { mark('microphone open'); }
};
const send = window.fetch;
window.fetch = async (...request) => {
  const legs = String(request[0]).startsWith('/v1/legs');
  if (legs) mark('offer posted');
  const answer = await send(...request);
  if (legs) mark('answered');
  return answer;
};
// -50 dBov, as everywhere.
const AUDIBLE = 10 ** (-50 / 20);
const ears = new AudioContext();
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) {
    super(...given);
    this.addEventListener('connectionstatechange', () => this.connectionState === 'connected' && mark('connected'));
    this.addEventListener('track', ({track}) => {
      const ear = new AnalyserNode(ears, {fftSize: 256});
      new MediaStreamAudioSourceNode(ears, {mediaStream: new MediaStream([track])}).connect(ear);
      const samples = new Float32Array(256);
      const listening = setInterval(() => {
        ear.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
        if (Math.sqrt(power) > AUDIBLE) { mark('first audio'); clearInterval(listening); }
      }, 4);
    });
  }
};
"""


async def one_try(playwright: Playwright, address: str) -> dict[str, float]:
    """Start a browser, click, and give when what happened, in milliseconds of the page's clock."""
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, headless=False, args=ARGUMENTS)
    try:
        page = await browser.new_page()
        page.set_default_timeout(WAIT_MS)
        await page.add_init_script(WATCH)
        await page.goto(address)
        await page.get_by_role("button", name="Call now").click()
        await page.wait_for_function("() => window.marks['first audio']", polling=50)
        marks: dict[str, float] = await page.evaluate("() => window.marks")
        await page.get_by_role("button", name="End").click()
        await page.get_by_role("button", name="Call again").wait_for()
        return marks
    finally:
        await browser.close()


async def measure(home: Path, tries: int, progress: Progress) -> list[dict[str, float]]:
    """Measure; the first try warms the machine's file cache and does not count."""
    async with workshop(home, progress) as stack, async_playwright() as playwright:
        address = page_addresses(stack.directory.keys, stack.gateway_http)["Click to call"]
        progress.step("click to first audio, fresh browser", tries)
        measured = []
        for number in range(tries + 1):
            marks = await one_try(playwright, address)
            if number:
                measured.append(marks)
                progress.done(number)
            await asyncio.sleep(CALM_SECONDS)
        return measured


def figures(measured: list[dict[str, float]]) -> list[Figure]:
    """Give click to first audio, and getUserMedia apart."""
    order = ("click", "microphone asked", "microphone open", "offer posted", "answered", "connected", "first audio")
    stages: list[dict[str, float]] = []
    for marks in measured:
        there = [name for name in order if name in marks]
        stages.append({after: marks[after] - marks[before] for before, after in pairwise(there)})
    total = [marks["first audio"] - marks["click"] for marks in measured]
    microphone = [marks["microphone open"] - marks["microphone asked"] for marks in measured]
    without = [whole - opening for whole, opening in zip(total, microphone, strict=True)]
    return [
        Figure(
            "click to first audio, fresh browser",
            "ms",
            Spread.of(total),
            (Bar("p95", "<", MOST_MS),),
            stages_of(stages),
            note="from the click event to the first 256 samples above -50 dBov behind the browser's jitter buffer",
        ),
        Figure("of it getUserMedia (a fake device)", "ms", Spread.of(microphone)),
        Figure("without getUserMedia", "ms", Spread.of(without)),
    ]


def main() -> None:
    """Measure and report."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tries", type=int, default=50)
    asked.add_argument("--home", type=Path, default=Path(".cordboard"))
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    machine = Machine.look()
    with shown_progress() as progress:
        measured: list[dict[str, Any]] = uvloop.run(measure(options.home, options.tries, progress))
    report = Report("browser", machine.after(), options.tries, figures(measured))
    if options.json:
        print_json(report.to_json())
    else:
        report.show(console)


if __name__ == "__main__":
    main()
