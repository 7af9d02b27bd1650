"""Runs the tests in two parts: those that can share the machine on two cores, then the others one by one.

Tests in real time and tests that start the whole stack need the machine for themselves. Arguments go on to pytest, for
both parts; a part in which nothing was asked for counts for nothing. Ends with one summary of both.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARTS = {
    "two at once": ("--part=side-by-side", "-n", "2", "--dist", "loadfile"),
    "one by one": ("--part=alone",),
}
NOTHING_ASKED_FOR = 5
FAILURES = 1


def run(name: str, arguments: list[str]) -> tuple[int, str, dict[str, list[str]]]:
    """Run one part; give its exit code, how it went in a line, and the names of tests by outcome."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "result.json"
        begun = time.monotonic()
        pytest = Path(sys.executable).with_name("pytest")
        code = subprocess.run([pytest, *PARTS[name], "--result", path, *arguments], check=False).returncode
        minutes, seconds = divmod(round(time.monotonic() - begun), 60)
        found: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}
    counts = ", ".join(f"{len(tests)} {outcome}" for outcome, tests in found.items() if tests)
    return code, f"{name}: {counts or 'nothing'} in {minutes}:{seconds:02}", found


def main(arguments: list[str]) -> int:
    """Run both parts; the second one also when tests of the first one have failed, unless `-x` is given."""
    codes: list[int] = []
    story: list[str] = []
    for name in PARTS:
        code, line, found = run(name, arguments)
        codes.append(code)
        story.append(line)
        story += [f"  {outcome} {test}" for outcome in ("failed", "error", "rerun") for test in found.get(outcome, [])]
        if code not in (0, NOTHING_ASKED_FOR) and (code != FAILURES or {"-x", "--exitfirst"} & {*arguments}):
            break
    print("\n".join(["", *story]))
    wrong = [code for code in codes if code not in (0, NOTHING_ASKED_FOR)]
    return wrong[0] if wrong else min(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
