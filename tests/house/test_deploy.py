"""The sample of settings names what processes read, no more and no less."""

import re
from dataclasses import fields
from pathlib import Path

from cordboard.cli.supervision.catalogue import ROLES
from cordboard.runtime.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "deploy" / "settings.sample.env"


def test_the_sample_names_every_setting() -> None:
    named = set(re.findall(r"^([A-Z0-9_]+)=", SAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {PREFIX + field.name.upper() for field in fields(Settings)}


def test_what_up_gives_to_a_process_is_a_setting() -> None:
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    assert not {name for role in ROLES.values() for name in role.settings} - known
