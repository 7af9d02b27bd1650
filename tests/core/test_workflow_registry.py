from __future__ import annotations

import pytest
from google.protobuf.duration_pb2 import Duration

from cordboard.core.errors import ConflictError, InvalidError
from cordboard.core.workflow_registry import Registry, check_entry, entry_digest, fold_registrations, pin
from cordboard.registry.v1.registration_pb2 import WorkflowRegistered
from cordboard.registry.v1.workflow_registry_service_pb2 import WorkflowEntry


def entry(version: str = "1", **changes: object) -> WorkflowEntry:
    made = WorkflowEntry(
        name="viewing",
        workflow_type="real_estate.Viewing",
        task_queue="real-estate",
        version=version,
        input_schema="{}",
        capabilities=["answer", "talk"],
        vertical="real_estate",
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def registered(*entries: WorkflowEntry) -> Registry:
    return fold_registrations(WorkflowRegistered(entry=one, digest=entry_digest(one)) for one in entries)


def test_the_version_registered_last_is_the_current_one() -> None:
    registry = registered(entry("1"), entry("2"))
    assert [one.version for one in registry.entries()] == ["2"]


def test_a_version_registered_again_is_current_again() -> None:
    registry = registered(entry("1"), entry("2"), entry("1"))
    current = registry.entry("viewing")
    assert current is not None
    assert current.version == "1"


def test_the_first_registration_of_a_version_holds() -> None:
    other = entry("1", task_queue="elsewhere")
    registry = registered(entry("1"), other)
    current = registry.entry("viewing")
    assert current is not None
    assert current.task_queue == "real-estate"
    with pytest.raises(ConflictError, match="VERSION_CLASH"):
        registry.check(other)
    assert not registry.is_current(other)


def test_a_pin_says_all_that_a_call_needs_of_its_registration() -> None:
    pinned = pin(entry("3"))
    assert (pinned.name, pinned.version, pinned.digest) == ("viewing", "3", entry_digest(entry("3")))
    assert (pinned.workflow_type, pinned.task_queue) == ("real_estate.Viewing", "real-estate")
    assert not pinned.HasField("patience")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Ann Poe"),
        ("name", ""),
        ("workflow_type", ""),
        ("task_queue", "a queue"),
        ("version", "one two"),
        ("vertical", ""),
        ("input_schema", ""),
    ],
)
def test_a_registration_names_what_is_wrong_with_it(field: str, value: str) -> None:
    with pytest.raises(InvalidError, match="ENTRY_INVALID") as refused:
        check_entry(entry(**{field: value}))
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize("seconds", [-1, 0, 601])
def test_patience_has_bounds(seconds: int) -> None:
    endless = entry()
    endless.patience.CopyFrom(Duration(seconds=seconds))
    with pytest.raises(InvalidError, match="ENTRY_INVALID"):
        check_entry(endless)
    check_entry(entry())
