"""Which rows there are, and which of them a run makes."""

import pytest
from typer.testing import CliRunner

from cordboard.cli.app import app
from cordboard.cli.chaos.catalogue import FAULTS, chosen
from cordboard.core.errors import InvalidError


def test_every_row_has_its_own_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


def test_the_short_form_leaves_out_what_has_tests_of_its_own() -> None:
    short = {fault.name for fault in chosen([], short=True)}
    assert {fault.name for fault in chosen([], short=False)} - short == {
        "kill-gateway",
        "kill-ledger",
        "kill-media-node",
        "kill-voice-agent",
        "kill-worker",
    }


def test_named_rows_are_made_in_the_order_of_the_table_whatever_the_form() -> None:
    assert [fault.name for fault in chosen(["s3", "kill-worker"], short=True)] == ["kill-worker", "s3"]


def test_an_unknown_row_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidError, match="ROW_UNKNOWN") as refused:
        chosen(["earthquake"], short=True)
    assert "postgres" in refused.value.fields["rows"]


def test_the_command_lists_its_rows() -> None:
    listed = CliRunner().invoke(app, ["chaos", "--list"])
    assert listed.exit_code == 0
    assert all(fault.name in listed.stdout for fault in FAULTS)
