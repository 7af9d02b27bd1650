"""The determinism gate: recorded histories against the code in hand, as the command line runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cordboard.cli.workflow_replay import load_class, read_corpus
from cordboard.core.errors import InvalidError, NotFoundError

ROOT = Path(__file__).parents[2]
HISTORIES = ROOT / "tests" / "workflows" / "histories"


def replay(corpus: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cordboard.cli", "replay", "workflow", "--corpus", str(corpus), *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests" / "support"), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=100)


def test_the_recorded_calls_replay_against_the_code_in_hand() -> None:
    ended = replay(HISTORIES, "--json")
    report = json.loads(ended.stdout)
    assert (ended.returncode, report["broken"]) == (0, 0)
    assert report["histories"] == len(list(HISTORIES.glob("*.json")))


def test_a_known_bad_change_fails_and_says_which_history_which_event_and_what_differs() -> None:
    ended = replay(HISTORIES, "--json", "--against", "changed_call_workflow:ChangedCallWorkflow")
    report = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert report["broken"] == report["histories"] > 0
    for verdict in report["verdicts"]:
        assert verdict["problem"] == "NONDETERMINISTIC", verdict
        assert verdict["event_id"] > 0, verdict
        assert verdict["event_type"], verdict
        assert verdict["differs"], verdict


def test_people_get_a_table() -> None:
    ended = replay(HISTORIES, "--against", "changed_call_workflow:ChangedCallWorkflow")
    assert "0 of " in ended.stdout
    assert "booked.json" in ended.stdout


def test_a_history_that_cannot_be_opened_is_told_from_one_that_differs(tmp_path: Path) -> None:
    (tmp_path / "booked.json").write_bytes((HISTORIES / "booked.json").read_bytes())
    (tmp_path / "corpus.keys").write_text('{"text": "another key"}')
    ended = replay(tmp_path, "--json")
    [verdict] = json.loads(ended.stdout)["verdicts"]
    assert (ended.returncode, verdict["problem"]) == (1, "SEALED")


@pytest.mark.parametrize("name", ["", "nothing", "json:dumps", "nowhere.at.all:Call", "pathlib:Path"])
def test_what_is_no_workflow_is_refused(name: str) -> None:
    with pytest.raises(InvalidError, match="CLASS_UNKNOWN"):
        load_class(name)


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="CORPUS_EMPTY"):
        read_corpus(tmp_path)
    for content in ("", "{}", '{"events": []}', "[1]"):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(InvalidError, match="HISTORY_INVALID"):
            read_corpus(tmp_path)
