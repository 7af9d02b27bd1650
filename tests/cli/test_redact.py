"""`cordboard redact` as a person meets it."""

import json
import subprocess
import sys
from pathlib import Path

LINES = [
    {"text": "this is maria lopez", "spans": [{"start": 8, "end": 19, "identifier": "NAME"}]},
    {"text": "at the sign of the bear", "spans": [{"start": 15, "end": 23, "identifier": "LOCATION"}]},
    {"text": "my knee hurts", "spans": []},
]


def redact(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cordboard.cli", "redact", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, input=given, timeout=100)


def test_the_measurement_prints_a_table_and_what_was_missed(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    said = redact("eval", str(tmp_path), "--own-rules").stdout
    assert "all         2       50.0%   1      100.0%" in said
    assert "missed LOCATION: the bear | at the sign of the bear" in said


def test_a_bar_that_is_not_reached_ends_with_an_error(tmp_path: Path) -> None:
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    ended = redact("eval", str(tmp_path), "--own-rules", "--least-recall", "0.95", "--json")
    assert ended.returncode != 0
    assert json.loads(ended.stdout)["by_identifier"]["NAME"]["recall"] == 1.0


def test_text_on_standard_input_is_redacted_as_one_call() -> None:
    ended = redact("text", "--own-rules", given="this is maria lopez\nthanks maria\n")
    assert (ended.returncode, ended.stdout) == (0, "this is [NAME-1]\nthanks [NAME-1]\n")
