"""The sample of settings names what processes read, no more and no less."""

import json
import re
from dataclasses import fields
from pathlib import Path

from cordboard.cli.supervision.catalogue import ROLES
from cordboard.runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy" / "settings.sample.env"
METRIC = re.compile(r"(cordboard_[a-z_]+?)_(?:bucket|count|sum)\b")


def test_the_sample_names_every_setting() -> None:
    named = set(re.findall(r"^([A-Z0-9_]+)=", SAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {PREFIX + field.name.upper() for field in fields(Settings)}


def test_the_dashboard_shows_what_is_measured() -> None:
    units = {"s": "_seconds", "us": "_microseconds", "1": ""}
    instrument = re.compile(r'create_histogram\(\s*"([a-z_.]+)",\s*"([^"]+)"')
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("*/cordboard/**/*.py")]
    measured = {name.replace(".", "_") + units[unit] for text in sources for name, unit in instrument.findall(text)}
    panels = json.loads((ROOT / "deploy" / "dashboards" / "cordboard.json").read_text(encoding="utf-8"))["panels"]
    shown = {name for panel in panels for target in panel["targets"] for name in METRIC.findall(target["expr"])}
    assert shown
    assert shown <= measured


def test_what_up_gives_to_a_process_is_a_setting() -> None:
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    assert not {name for role in ROLES.values() for name in role.settings} - known
