"""The dashboard is one that Grafana can show, and asks for nothing that is not measured."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cordboard.runtime.telemetry import ATTRIBUTES

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/dashboards/cordboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
EXPRESSIONS: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]
UNITS = {"s": "_seconds", "us": "_microseconds", "1": ""}
HISTOGRAM = ("_bucket", "_count", "_sum")
COLUMNS = 24
# What the collector's Prometheus exporter makes of the resource, and of a histogram.
GIVEN = {"le", "service_name", "service_instance_id"}


def instruments() -> Iterator[tuple[str, str, str]]:
    """Name, unit and kind of all that the code measures."""
    for path in ROOT.glob("*/cordboard/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                kind = node.func.attr.removeprefix("create_")
                if kind in ("histogram", "counter", "observable_counter"):
                    words = [one.value for one in node.args if isinstance(one, ast.Constant)]
                    yield str(words[0]), str(words[1]), kind


def series() -> set[str]:
    """Names under which Prometheus has them."""
    named: set[str] = set()
    for name, unit, kind in instruments():
        base = name.replace(".", "_") + UNITS[unit]
        named |= {base + end for end in HISTOGRAM} if kind == "histogram" else {f"{base}_total"}
    return named


def test_every_query_is_for_what_the_code_measures() -> None:
    measured = series()
    for expression in EXPRESSIONS:
        asked = set(re.findall(r"\bcordboard_[a-z_]+", expression))
        assert asked
        assert asked <= measured


def test_every_figure_of_the_calls_is_shown() -> None:
    shown = set(re.findall(r"\bcordboard_[a-z_]+", " ".join(EXPRESSIONS)))
    asides = {"cordboard_leg_round_trip_microseconds"}
    for name, unit, kind in instruments():
        base = name.replace(".", "_") + UNITS[unit]
        ends = HISTOGRAM if kind == "histogram" else ("_total",)
        assert base in asides or any(base + end in shown for end in ends), name


def test_histograms_have_bounds_of_their_own() -> None:
    # Without them the first bound of a histogram in seconds is 5 s.
    for path in ROOT.glob("*/cordboard/**/*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.count("create_histogram(") == text.count("explicit_bucket_boundaries_advisory=")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_query_is_whole(expression: str) -> None:
    open_ones: list[str] = []
    for sign in re.sub(r'"[^"]*"', "", expression):
        if sign in "({[":
            open_ones.append(sign)
        elif sign in ")}]":
            assert open_ones
            assert open_ones.pop() + sign in ("()", "{}", "[]")
    assert not open_ones
    labels = {label.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(",")}
    labels |= set(re.findall(r"[{,]\s*([a-z_]+)(?:=~|!=|=)", expression))
    assert labels <= ATTRIBUTES | GIVEN


def test_panels_stand_side_by_side_and_know_their_source() -> None:
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    assert {panel["datasource"]["uid"] for panel in PANELS} == {f"${{{name}}}" for name in variables}
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < COLUMNS
        taken |= cells


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    assert panel["type"] == "timeseries"
    assert panel["title"]
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"] in {"s", "reqps", "none", "short", "percentunit"}
    names = [target["refId"] for target in panel["targets"]]
    assert names == [chr(ord("A") + at) for at in range(len(names))]
    for target in panel["targets"]:
        shown = set(re.findall(r"\{\{([a-z_]+)\}\}", target["legendFormat"]))
        grouped = {one.strip() for by in re.findall(r"by \(([^)]*)\)", target["expr"]) for one in by.split(",")}
        assert shown == grouped - {"le"}
