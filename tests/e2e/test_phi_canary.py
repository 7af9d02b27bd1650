"""The search for what identifies a caller finds it in every form. What it is used on stands in test_demo.py."""

import base64
from pathlib import Path

import pytest
from phi_canary import files_below, traces

NAME, DIGITS = "Maria Lopez", "5550132476"


@pytest.mark.parametrize(
    "left",
    [
        b"so MARIA lopez said",
        "Maria Lopez".encode("utf-16-le"),
        b"call 5550132476 now",
        b"call 555-013-2476 now",
        b"five five five zero one three two four seven six",
        b"Five, five, five, zero, one, three, two, four, seven, six",
        b"five five five oh one three two four seven six",
        b"Maria Lopez".hex().encode(),
        *(base64.b64encode(b"x" * shift + b"Maria Lopez and more") for shift in range(5)),
        *(base64.b64encode(b"x" * shift + b"5550132476 and more") for shift in range(5)),
    ],
)
def test_every_form_is_found(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "page").write_bytes(b"\x00\xff" * 50 + left + b"\x00\xff" * 50)
    assert traces(NAME, DIGITS, files_below(tmp_path))
    assert not traces(NAME, DIGITS, files_below(tmp_path, tmp_path / "part"))


def test_other_people_are_nobodys_trace(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"Maria spoke with Lopez of 555 and 0132476")
    assert not traces(NAME, DIGITS, files_below(tmp_path))
