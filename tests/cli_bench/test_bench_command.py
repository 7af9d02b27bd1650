"""The command itself: what it teaches, and the two benches that need no whole stack, with two small tries each."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cordboard.cli.supervision.stack import destroy

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / ".cordboard"
    destroy(tmp_path / ".cordboard" / "bench")


def bench(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cordboard.cli", "bench", *arguments]
    environment = os.environ | {"CORDBOARD_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=280)


def figures(ended: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["tries"] == 2
    assert len(report["machine"]["load_before"]) == 3
    assert isinstance(report["met"], bool)
    return {figure["name"]: figure for figure in report["figures"]}


@pytest.mark.parametrize("name", ["setup", "voice", "ledger", "forward", "calls", "soak"])
def test_help_says_what_is_measured_and_how(name: str, tmp_path: Path) -> None:
    said = bench(name, "--help", home=tmp_path).stdout
    assert "--json" in said
    assert {"soak": "--minutes", "calls": "--max"}.get(name, "--tries") in said
    assert len(said) > 800


def test_the_ledger_is_measured_against_copy(home: Path) -> None:
    ended = bench("ledger", "--tries", "2", "--events", "256", "--json", home=home)
    shown = figures(ended)
    for name in ("appender alone / raw COPY", "through gRPC with sealing / raw COPY"):
        assert shown[name]["count"] == 2
        assert shown[name]["p50"] > 0
        assert isinstance(shown[name]["met"], bool)
    assert "-- COPY, appender, gRPC in turn" in ended.stderr


def test_forwarding_is_measured_against_media_relay_and_an_echo(home: Path) -> None:
    small = ("--rooms", "1", "--listeners", "1", "--seconds", "0.4")
    shown = figures(bench("forward", "--tries", "2", *small, "--json", home=home))
    delay = shown["one-way delay of a forwarded packet"]
    assert delay["counts"]["packets delivered"] + delay["counts"]["lost"] == 40
    assert delay["counts"]["lost"] >= 0
    assert delay["counts"]["packets delivered"] > 0
    assert shown["CPU per forwarded packet / MediaRelay's"]["count"] == 2
    assert shown["UDP echo there and back"]["count"] > 0
