"""The short form of `cordboard chaos`: every fault but the kills once, under calls, on one stack."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from cordboard.cli.chaos.catalogue import chosen

pytestmark = pytest.mark.timeout(400)


async def test_no_fault_costs_a_call_or_an_event(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cordboard.cli", "chaos", "--short", "--json", "--home", str(tmp_path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    report = json.loads(out)
    sys.stdout.writelines(f"{json.dumps(row)}\n" for row in report["rows"])
    assert {row["row"]: row["reasons"] for row in report["rows"]} == {one.name: [] for one in chosen([], short=True)}
    assert report["end_faults"] == []
    assert process.returncode == 0
