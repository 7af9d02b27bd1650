"""How large things may grow. What outgrows its budget wants to be two things."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES, TEST_LINES, PROTO_LINES = 400, 600, 400
FUNCTION_LINES, CLASS_LINES = 50, 300


def tracked(pattern: str) -> list[Path]:
    """List the files under version control, or about to be, that match a pattern."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for path in tracked("*.py") if "_pb2" not in path.name]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_file_keeps_to_its_budget() -> None:
    budgets = {path: TEST_LINES if path.is_relative_to(ROOT / "tests") else MODULE_LINES for path in modules()}
    budgets |= dict.fromkeys(tracked("*.proto"), PROTO_LINES)
    over = {
        str(path.relative_to(ROOT)): f"{lines(path)} lines, budget {budget}"
        for path, budget in budgets.items()
        if lines(path) > budget
    }
    assert not over


def definitions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Give each function and class of a module: name, lines, budget. A docstring counts for nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            budget = CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES
            long = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                long -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node.name, long, budget


def test_every_function_and_class_keeps_to_its_budget() -> None:
    over = [
        f"{path.relative_to(ROOT)}: {name} has {long} lines, budget {budget}"
        for path in modules()
        for name, long, budget in definitions(path)
        if long > budget
    ]
    assert not over


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "common", "misc", "base"])
def test_no_file_is_a_drawer(word: str) -> None:
    assert not [str(path.relative_to(ROOT)) for path in modules() if word in path.stem.split("_")]
