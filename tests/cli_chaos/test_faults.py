"""The parts of faults that need no engine: services kept away, files that cannot grow, what a capture lacks."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from call_log import CallLog

from cordboard.call.v1 import facts_pb2 as facts
from cordboard.cli.chaos.faults.spool import no_room
from cordboard.cli.chaos.faults.store import capture_faults
from cordboard.cli.chaos.tampered_service import CLOCK_OFFSET, TamperedService
from cordboard.cli.supervision.child import Child, Launch
from cordboard.cli.supervision.service import Kind
from cordboard.runtime.ledger_client.spool import FileSpool
from cordboard.runtime.ledger_client.tally import Tally, standing_tallies


class Still:
    """A service that starts nothing."""

    name = "still-1"
    kind: Kind = "process"
    needs = ("ledger-1",)

    def __init__(self) -> None:
        self.prepared = 0

    async def prepare(self) -> None:
        self.prepared += 1

    def launch(self) -> Launch:
        return Launch(("true",), {"A": "1"})

    async def serving(self, child: Child) -> dict[str, str]:
        raise AssertionError


async def test_a_service_is_kept_away_until_it_may_start() -> None:
    still = Still()
    service = TamperedService(still)
    with service.kept_away():
        preparing = asyncio.ensure_future(service.prepare())
        await asyncio.wait({preparing}, timeout=0.05)
        assert not still.prepared
    await preparing
    assert still.prepared, "it was let go"


def test_a_service_is_started_with_the_clock_that_it_is_given() -> None:
    service = TamperedService(Still())
    assert (service.name, service.kind, service.needs) == ("still-1", "process", ("ledger-1",))
    assert service.launch().env == {"A": "1"}
    service.clock_offset_s = -12.0
    assert service.launch().env == {"A": "1", CLOCK_OFFSET: "-12.0"}


def test_no_file_of_a_process_grows_while_there_is_no_room(tmp_path: Path) -> None:
    code = f"""
import sys
for _ in sys.stdin:
    try:
        with open({str(tmp_path / "spool")!r}, "a") as file:
            file.write("x")
        print("ok", flush=True)
    except OSError:
        print("full", flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def write() -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert write() == "ok"
        with no_room([process.pid]):
            assert write() == "full"
        assert write() == "ok"
        process.stdin.close()


def test_a_spool_without_room_refuses_and_is_whole_afterwards(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path / "a.spool")
    spool.append([b"one"])
    with no_room([os.getpid()]), pytest.raises(OSError, match="too large"):
        spool.append([b"two"])
    spool.append([b"three"])
    assert list(spool.records()) == [b"one", b"three"]
    spool.close(keep=False)


def test_tallies_are_read_while_their_processes_live(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "a.count", "media-node/media-node-1/b")
    tally.add()
    tally.add()
    assert list(standing_tallies(tmp_path)) == [("media-node/media-node-1/b", 2)]
    tally.close()
    assert list(standing_tallies(tmp_path)) == []


def recording(segments: int, *stored: int) -> CallLog:
    log = CallLog()
    for number in stored:
        log.fact(facts.CaptureSegmentStored(leg_id="leg-1", segment=number), 1)
    legs = [facts.CaptureEnded.CapturedLeg(leg_id="leg-1", segments=segments)]
    log.fact(facts.CaptureEnded(placement_epoch=1, legs=legs), 2)
    return log


def test_a_recording_of_which_everything_is_stored_lacks_nothing() -> None:
    assert capture_faults("c", list(recording(2, 0, 1))) == []


def test_segments_that_never_came_or_came_twice_are_seen() -> None:
    assert "1 segments never reached the store" in capture_faults("c", list(recording(3, 0, 1)))[0]
    assert "twice" in capture_faults("c", list(recording(2, 0, 1, 1)))[0]
    assert "not ended" in capture_faults("c", [])[0]
