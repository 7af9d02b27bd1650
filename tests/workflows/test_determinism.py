"""Durable code asks for no clock, chance or outside world: a replay would get another answer."""

import ast
from pathlib import Path

import pytest

import cordboard.workflows

SOURCES = sorted(path for folder in cordboard.workflows.__path__ for path in Path(folder).glob("*.py"))
# Run by clients and workers, never by a workflow; and the log, which tells a workflow nothing.
OUTSIDE = {"call_log.py", "payload_codec.py", "data_converter.py", "sandbox.py", "vertical_pack.py", "script_worker.py"}
MODULES = {
    "os", "random", "secrets", "socket", "subprocess", "threading", "time", "multiprocessing", "concurrent", "requests",
    "http", "urllib", "ssl", "select", "signal", "tempfile", "shutil", "pathlib", "logging", "platform",
}  # fmt: skip
CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "gather", "as_completed", "to_thread"}
BUILTINS = {"open", "input", "print", "hash", "id"}
FROM_WORKFLOW = {"now", "uuid4"}


def faults(tree: ast.Module) -> list[str]:
    """What a module does that a replay could not repeat."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            owner = called.value.id if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) else ""
            if isinstance(called, ast.Name) and called.id in BUILTINS:
                found.append(f"{called.id}()")
            # A call's own verb of that name collects keys.
            allowed = (owner == "workflow" and name in FROM_WORKFLOW) or (owner, name) == ("call", "gather")
            if name in CALLS and not allowed:
                found.append(f"{owner}.{name}()")
        elif isinstance(node, ast.Global):
            found.append("global " + ", ".join(node.names))
    return found


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name not in OUTSIDE], ids=lambda path: path.stem)
def test_a_module_of_calls_is_repeatable(path: Path) -> None:
    assert faults(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code", ["import time", "from random import choice", "datetime.now()", "uuid4()", "asyncio.gather(a)", "open('x')"]
)
def test_what_is_not_repeatable_is_seen(code: str) -> None:
    assert faults(ast.parse(code))


def test_each_request_lets_signals_go_first() -> None:
    source = next(path for path in SOURCES if path.name == "call_workflow.py")
    requests = [
        node
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.AsyncFunctionDef)
        and any(ast.unparse(mark).startswith("workflow.update(") for mark in node.decorator_list)
    ]
    assert requests
    assert [node.name for node in requests if ast.unparse(node.body[1]) != "await after_signals()"] == []
