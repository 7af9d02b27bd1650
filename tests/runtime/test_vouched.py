"""What may be shown of a value, by the contract's own marks."""

import importlib
from pathlib import Path

from google.protobuf.descriptor import Descriptor

import cordboard.call.v1
from cordboard.call.v1.call_pb2 import URGENCY_URGENT, Slots
from cordboard.call.v1.decisions_pb2 import SlotsTaken
from cordboard.core import phi
from cordboard.runtime.telemetry import ATTRIBUTES
from cordboard.runtime.vouched import CODES, vouched

PROTOS = Path(next(iter(cordboard.call.v1.__path__))).parents[2]
KNOWN = frozenset({"reason", "state", "call_id", "path"})


def _phi_names(descriptor: Descriptor) -> set[str]:
    nested = [name for inner in descriptor.nested_types for name in _phi_names(inner)]
    return {field.name for field in descriptor.fields if phi.is_phi(field)} | set(nested)


def test_no_name_that_leaves_a_process_is_phi_in_the_contract_but_for_those_held_to_codes() -> None:
    names: set[str] = set()
    for path in PROTOS.glob("cordboard/**/*_pb2.py"):
        module = importlib.import_module(".".join(path.relative_to(PROTOS).with_suffix("").parts))
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            names |= _phi_names(descriptor)
    assert {"text", "summary", "sdp"} <= names
    assert names & ATTRIBUTES == CODES


def test_a_message_is_shown_without_what_its_marks_call_phi() -> None:
    taken = SlotsTaken(slots=Slots(name="Maria Lopez", reason="chest pain", urgency=URGENCY_URGENT))
    shown = vouched({"state": taken, "text": "Maria Lopez"}, KNOWN)
    assert "Maria" not in str(shown)
    assert "pain" not in str(shown)
    assert set(shown) == {"state"}


def test_a_reason_is_a_code_or_nothing() -> None:
    assert vouched({"reason": "LEDGER_AWAY", "call_id": "c"}, KNOWN) == {"reason": "LEDGER_AWAY", "call_id": "c"}
    assert vouched({"reason": "pain in the left knee"}, KNOWN) == {}
    assert vouched({"reason": ["LEDGER_AWAY", "knee"]}, KNOWN) == {}


def test_of_an_unknown_object_only_its_kind_is_shown() -> None:
    assert vouched({"state": ValueError("Maria Lopez"), "path": Path("/a")}, KNOWN) == {
        "state": "ValueError",
        "path": "/a",
    }
