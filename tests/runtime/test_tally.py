"""The count of a producer's events, which outlasts its process."""

import signal
import subprocess
import sys
from pathlib import Path

from cordboard.runtime.ledger_client.tally import Tally, tallies_of_the_dead

_COUNTER = """
import sys
from pathlib import Path
from cordboard.runtime.ledger_client.tally import Tally
tally = Tally(Path(sys.argv[1]), "voice-agent/voice-agent-1/boot")
for _ in range(7):
    tally.add()
print("counted", flush=True)
sys.stdin.read()
"""


def test_the_count_of_a_process_that_is_killed_is_told_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _COUNTER, str(tmp_path / "a.count")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert list(tallies_of_the_dead(tmp_path)) == []
        process.send_signal(signal.SIGKILL)
    assert list(tallies_of_the_dead(tmp_path)) == [("voice-agent/voice-agent-1/boot", 7)]
    assert list(tallies_of_the_dead(tmp_path)) == []


def test_who_ends_in_good_order_leaves_nothing(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "a.count", "gateway/gateway-1/boot")
    tally.add()
    assert tally.count == 1
    tally.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_just_being_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.count").touch()
    assert list(tallies_of_the_dead(tmp_path)) == []
    assert (tmp_path / "a.count").exists()
