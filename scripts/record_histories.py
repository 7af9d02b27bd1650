"""Records Temporal histories of calls over in-memory twins, for the replay test; run it when the call's code changed.

Give names to record only those. A history that a newer build can no longer replay is a call that would break when that
build is deployed: keep the old one and guard the change with `workflow.patched`, unless no such call can be running.
"""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from recorded_calls import RECORDED  # noqa: E402
from scripted_wrap_up import open_wrap_up  # noqa: E402
from temporal import House, open_house, real_time  # noqa: E402
from temporalio.client import WorkflowHistory  # noqa: E402
from temporalio.testing import WorkflowEnvironment  # noqa: E402

HISTORIES = ROOT / "tests" / "workflows" / "histories"
WRAP_UP_HISTORIES = HISTORIES.with_name("wrap_up_histories")
WRAP_UP = "wrap_up"


async def record(house: House, name: str) -> None:
    """Let a call happen and keep its history."""
    call = await RECORDED[name](house)
    await call.handle.result()
    await call.assert_live_equals_log()
    keep(await call.handle.fetch_history(), HISTORIES / f"{name}.json")


async def record_wrap_up(environment: WorkflowEnvironment) -> None:
    """Let a wrap-up happen and keep its history."""
    async with open_wrap_up(environment) as house:
        handle = await house.start()
        await handle.result()
        keep(await handle.fetch_history(), WRAP_UP_HISTORIES / "whole.json")


def keep(history: WorkflowHistory, path: Path) -> None:
    """Write a history down."""
    # The machine that recorded it is nobody's business.
    content = re.sub(r'"identity": "[^"]*"', '"identity": "recorder"', history.to_json())
    # Sticky queues are named after the process and its machine.
    content = re.sub(r'"(\d+)@[\w.-]+"', r'"\1@recorder"', content)
    compact = json.dumps(json.loads(content), separators=(",", ":"))
    path.parent.mkdir(exist_ok=True)
    path.write_text(compact + "\n", encoding="utf-8")
    print(f"{path.stem}: {len(history.events)} events")


async def main() -> None:
    """Record what was named, or all."""
    HISTORIES.mkdir(exist_ok=True)
    async with real_time() as environment:
        for name in sys.argv[1:] or [*sorted(RECORDED), WRAP_UP]:
            if name == WRAP_UP:
                await record_wrap_up(environment)
                continue
            async with open_house(environment) as house:
                await record(house, name)


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    # The Temporal library may abort while the interpreter ends (sdk-python issue 300).
    os._exit(0)
