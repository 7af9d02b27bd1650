"""The wheel holds what the tree holds, and a process's extra installs what that process needs."""

import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the tree without fetching anything."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(out.glob("*.whl")))


def test_the_wheel_holds_every_file_of_the_tree_and_no_other(wheel: zipfile.ZipFile) -> None:
    tree = {
        str(Path(*path.relative_to(ROOT).parts[1:]))
        for path in ROOT.glob("*/cordboard/**/*")
        if path.is_file() and path.suffix != ".pyc"
    }
    tree |= {
        str(Path("cordboard/gateway/pages") / path.relative_to(ROOT / "web"))
        for path in (ROOT / "web").glob("**/*")
        if path.is_file()
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == tree


def test_the_gateway_finds_the_pages_of_the_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path, [name for name in wheel.namelist() if name.startswith("cordboard/")])
    found = "from cordboard.gateway.pages_door import pages_directory; print(pages_directory())"
    program = f"import sys; sys.path[:0] = [{str(tmp_path)!r}]; {found}"
    # Isolated from the tree, whose editable install would be found first.
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    program = f"import sys; sys.path[:] = [*sys.path, {libraries!r}]; {program}"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False, timeout=100
    )
    assert ended.stdout.strip() == str((tmp_path / "cordboard/gateway/pages").resolve()), ended.stderr


def requirements_of(extra: str) -> set[str]:
    """Name all that an extra installs, through all requirements, as installed here."""
    pending = [("cordboard", frozenset({extra}))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, extras = pending.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for line in required:
            requirement = Requirement(line)
            wanted = [*extras, ""]
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in wanted):
                pending.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in seen}


def test_a_media_node_installs_no_temporal_and_no_postgres_driver() -> None:
    installed = requirements_of("media-node")
    assert {"aiortc", "grpcio", "protobuf"} <= installed
    assert not installed & {"temporalio", "asyncpg", "typer", "onnxruntime"}


def test_a_ledger_installs_no_temporal_and_no_media() -> None:
    assert not requirements_of("ledger") & {"temporalio", "aiortc", "av", "onnxruntime"}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("cordboard.media_node.__main__", ("temporalio", "asyncpg")),
        ("cordboard.audit_log.__main__", ("temporalio", "aiortc")),
        ("cordboard.voice_agent.__main__", ("temporalio", "asyncpg", "aiortc")),
    ],
)
def test_a_process_runs_where_the_others_libraries_are_missing(module: str, absent: tuple[str, ...]) -> None:
    blocked = f"import sys; sys.modules.update(dict.fromkeys({absent!r})); import {module}"
    ended = subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr
