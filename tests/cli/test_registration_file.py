import json
from pathlib import Path

import pytest

from cordboard.cli.registration_file import read_registration, show_registration
from cordboard.core.errors import InvalidError

FIELDS = {
    "name": "viewing",
    "workflow_type": "team.Viewing",
    "task_queue": "team",
    "version": "1",
    "vertical": "real_estate",
    "capabilities": ["talk"],
    "patience": "60s",
    "input_schema": {"type": "object"},
}


def test_a_registration_is_shown_as_its_file_has_it(tmp_path: Path) -> None:
    path = tmp_path / "viewing.json"
    path.write_text(json.dumps(FIELDS))
    entry = read_registration(path)
    assert json.loads(entry.input_schema) == {"type": "object"}
    assert entry.patience.seconds == 60
    assert show_registration(entry) == FIELDS


@pytest.mark.parametrize("content", ["", "[]", '{"nmae": "x"}', '{"name": 7}'])
def test_a_file_that_holds_no_registration_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(InvalidError, match="ENTRY_INVALID"):
        read_registration(path)
    with pytest.raises(InvalidError, match="ENTRY_INVALID"):
        read_registration(tmp_path / "absent.json")
