"""The command line as a person meets it."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cordboard.cli.commands.token import parse_ttl
from cordboard.cli.exit_code import CODES, exit_code
from cordboard.core import errors
from cordboard.core.errors import CordboardError, InvalidError, NotFoundError
from cordboard.runtime.identity import TokenVerifier, create_keys


def cordboard(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cordboard.cli", *arguments]
    environment = os.environ | {"CORDBOARD_HOME": str(home), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def test_every_category_of_error_has_an_exit_code() -> None:
    categories = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CordboardError)}
    assert categories - {CordboardError} == CODES.keys()
    assert exit_code(NotFoundError("X", "x")) == 4


def test_help_names_every_command(tmp_path: Path) -> None:
    said = cordboard("--help", home=tmp_path).stdout
    for name in ("up", "status", "token", "doctor", "call", "replay", "ledger", "bench", "gateway", "worker"):
        assert f" {name} " in said


def test_status_says_that_nothing_runs(tmp_path: Path) -> None:
    ended = cordboard("status", "--json", home=tmp_path)
    assert ended.returncode == 7
    assert ended.stderr.startswith("NOT_RUNNING: ")


def test_a_minted_token_says_who_it_is_for(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    ended = cordboard(
        *("token", "app", "--json", "--tenant", "clinic", "--scopes", "calls:read,phi", "--ttl", "1h"), home=tmp_path
    )
    minted = json.loads(ended.stdout)
    claims = TokenVerifier.load(tmp_path / "keys").user(minted["token"])
    assert (claims.role, claims.tenant, claims.scopes) == ("app", "clinic", frozenset({"calls:read", "phi"}))
    assert minted["expires_at"] == claims.expires_at


def test_a_token_needs_the_keys_of_the_folder(tmp_path: Path) -> None:
    ended = cordboard("token", "caller", home=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("KEY_MISSING: ")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("8h", 28_800), ("1d", 86_400), ("30", 30)])
def test_a_life_is_read_with_its_unit(text: str, seconds: int) -> None:
    assert parse_ttl(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0s", "-5m", "soon", "31d", "1.5h"])
def test_a_life_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="TTL_INVALID"):
        parse_ttl(text)


def test_verify_wants_to_know_what(tmp_path: Path) -> None:
    ended = cordboard("ledger", "verify", home=tmp_path)
    assert ended.returncode == 2
    assert "name a call, or say --all" in ended.stderr


def test_doctor_finds_what_up_needs(tmp_path: Path) -> None:
    ended = cordboard("doctor", "--json", home=tmp_path)
    found = {finding["name"]: finding["health"] for finding in json.loads(ended.stdout)["findings"]}
    assert {found[name] for name in ("python", "ports", "user", "temporal", "weed", "postgres")} == {"ok"}
