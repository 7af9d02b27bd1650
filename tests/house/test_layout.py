"""One namespace over many folders: each folder is known to every tool, typed, and not a package of its own."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in ROOT.glob("*/cordboard") if path.is_dir())


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The project's configuration."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_and_the_editable_install_take_every_folder(project: dict[str, Any]) -> None:
    build = project["tool"]["hatch"]["build"]
    assert sorted(build["dev-mode-dirs"]) == FOLDERS
    assert sorted(build["targets"]["wheel"]["packages"]) == [f"{folder}/cordboard" for folder in FOLDERS]
    assert {*build["targets"]["wheel"]["packages"], "web"} == {*build["targets"]["wheel"]["only-include"]}


def test_the_type_checkers_look_into_every_folder(project: dict[str, Any]) -> None:
    generated_only = {"protos"}
    assert set(FOLDERS) <= set(project["tool"]["mypy"]["mypy_path"].split(":"))
    assert set(FOLDERS) <= set(project["tool"]["pyright"]["extraPaths"])
    assert set(FOLDERS) - generated_only <= set(project["tool"]["pyright"]["include"])


def test_the_import_rules_know_every_folder() -> None:
    rules = (ROOT / ".importlinter").read_text(encoding="utf-8")
    roots = rules.split("root_packages =")[1].split("include_external")[0].split()
    examples = ["lakeside_homes"]
    assert sorted(roots) == [f"cordboard.{folder}" for folder in FOLDERS if folder != "protos"] + examples


def test_the_namespace_is_nobodys_package() -> None:
    assert not list(ROOT.glob("*/cordboard/__init__.py"))


def test_every_portion_is_marked_as_typed() -> None:
    portions = [path for path in ROOT.glob("*/cordboard/*") if path.is_dir() and path.name != "__pycache__"]
    assert portions
    assert not [str(path.relative_to(ROOT)) for path in portions if not (path / "py.typed").exists()]


def test_a_folder_holds_its_own_portion_and_no_other() -> None:
    for folder in set(FOLDERS) - {"protos"}:
        found = {path.name for path in (ROOT / folder / "cordboard").iterdir() if path.name != "__pycache__"}
        assert found == {folder}


def test_tests_sit_in_a_folder_named_for_what_they_test() -> None:
    packs = {path.name for path in (ROOT / "verticals" / "cordboard" / "verticals").iterdir() if path.is_dir()}
    known = {
        *FOLDERS,
        *packs,
        "real_estate",
        "house",
        "support",
        "e2e",
        "cli_demo",
        "cli_bench",
        "cli_chaos",
        "web",
        "reliability",
    }
    present = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert present <= known


def test_the_core_reads_no_clock_and_draws_no_id() -> None:
    impure = {"now", "utcnow", "today", "monotonic", "perf_counter", "uuid1", "uuid4", "urandom", "GetCurrentTime"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in (ROOT / "core").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in impure
    ]
    assert not found
