"""What must not stand in any file: this or that machine's paths, registry hosts, marks of unfinished work."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED_LOCK = "uv.lock"
# Written so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": r"/(?:work|home|root|Users)/[a-z]",
    "a registry's host": r"(?:pypi|pythonhosted|npmjs|crates|golang|maven|nodejs|debian)\.(?:org|com|io)\b",
    "unfinished work": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}
SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for path in tracked():
        if path.name in {GENERATED_LOCK, "LICENSE"}:
            continue
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    mine = str(Path(__file__).relative_to(ROOT))
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        if name != mine
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_no_test_is_skipped() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in tracked()
        if path.suffix == ".py" and path.is_relative_to(ROOT / "tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in SKIPS
    ]
    assert not found


def test_a_broad_except_says_why() -> None:
    found = [
        f"{name}:{handler.lineno}"
        for name, text in texts()
        if name.endswith(".py")
        for handler in ast.walk(ast.parse(text))
        if isinstance(handler, ast.ExceptHandler)
        and is_broad(handler)
        and not isinstance(handler.body[-1], ast.Raise)
        and not re.search(r"#.{20,}", text.splitlines()[handler.lineno - 1])
    ]
    assert not found


def is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
