"""How a process ends, and what it says then."""

import json
import subprocess
import sys
import textwrap

PROGRAM = """
import sys
from cordboard.core.errors import InvalidError
from cordboard.runtime.process import run

async def main(settings, stop):
    {body}

sys.exit(run(main))
"""


def ended(body: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(body=textwrap.dedent(body))
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_an_unforeseen_error_ends_it_without_its_text() -> None:
    outcome = ended("raise RuntimeError('Maria Lopez 555 0100')")
    assert outcome.returncode == 1
    assert "Maria" not in outcome.stderr + outcome.stdout
    line = json.loads(outcome.stderr)
    assert (line["message"], line["error"]) == ("the process failed", "RuntimeError")
    assert any("main" in place for place in line["where"])


def test_an_error_of_the_engine_ends_it_with_its_reason() -> None:
    outcome = ended("raise InvalidError('SETTING_MISSING', 'a setting is missing', setting='X')")
    assert outcome.returncode == 1
    assert json.loads(outcome.stderr.splitlines()[0])["reason"] == "SETTING_MISSING"


def test_it_ends_well_when_its_work_is_done() -> None:
    outcome = ended("return None")
    assert (outcome.returncode, outcome.stderr) == (0, "")
