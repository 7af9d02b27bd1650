import pytest
from call_steps import SECRET, end_talk_with_secrets, engaged_call, hang_up
from temporal import House, MemoryKeys
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from cordboard.call.v1.call_workflow_pb2 import StartCallInput
from cordboard.core.errors import CordboardError, InternalError, NotFoundError
from cordboard.registry.v1.script_contract_pb2 import VerbRequested
from cordboard.workflows.data_converter import data_converter, script_data_converter
from cordboard.workflows.failures import from_failure, to_failure

START = StartCallInput(actor="caller", request_id="r", sdp_offer=SECRET)


def context(workflow_id: str) -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace="n", workflow_id=workflow_id)


async def test_a_message_travels_as_binary_under_the_calls_key() -> None:
    converter = data_converter(MemoryKeys()).with_context(context("call/c1"))
    [payload] = await converter.encode([START])
    assert payload.metadata["encoding"] == b"binary/encrypted"
    assert payload.metadata["key-id"] == b"c1"
    assert SECRET.encode() not in payload.SerializeToString()
    assert await converter.decode([payload], [StartCallInput]) == [START]


async def test_children_and_activities_of_a_call_share_its_key() -> None:
    converter = data_converter(MemoryKeys())
    [payload] = await converter.with_context(context("call/c1")).encode([START])
    assert await converter.with_context(context("call/c1/wrapup")).decode([payload], [StartCallInput]) == [START]


async def test_another_calls_payload_cannot_be_passed_off_as_ones_own() -> None:
    class OneKey:
        async def subkey(self, call_id: str, purpose: str) -> bytes:
            return b"k" * 32

    converter = data_converter(OneKey())
    [payload] = await converter.with_context(context("call/c1")).encode([START])
    with pytest.raises(InternalError) as raised:
        await converter.with_context(context("call/c2")).decode([payload], [StartCallInput])
    assert raised.value.reason == "PAYLOAD_ALTERED"


async def test_an_altered_payload_is_refused() -> None:
    converter = data_converter(MemoryKeys()).with_context(context("call/c1"))
    [payload] = await converter.encode([START])
    altered = Payload(metadata=payload.metadata, data=payload.data[:-1] + bytes([payload.data[-1] ^ 1]))
    with pytest.raises(InternalError):
        await converter.decode([altered], [StartCallInput])


@pytest.mark.parametrize("workflow_id", ["", "call/", "other/c1"])
async def test_nothing_leaves_in_clear_when_it_belongs_to_no_call(workflow_id: str) -> None:
    with pytest.raises(InternalError) as raised:
        await data_converter(MemoryKeys()).with_context(context(workflow_id)).encode([START])
    assert raised.value.reason == "CODEC_WITHOUT_CALL"


async def test_a_payload_in_clear_is_not_taken() -> None:
    converter = data_converter(MemoryKeys()).with_context(context("call/c1"))
    with pytest.raises(InternalError) as raised:
        await converter.decode([Payload(metadata={"encoding": b"json/plain"}, data=b"1")], [int])
    assert raised.value.reason == "PAYLOAD_NOT_SEALED"


async def test_a_script_has_a_key_of_its_own_with_which_it_can_ask_for_verbs_and_say_nothing_else() -> None:
    call, team = data_converter(MemoryKeys()), script_data_converter(MemoryKeys())
    of_call, of_script = context("call/c1"), context("call/c1/v/viewing")
    asked = VerbRequested(verb_id="1")
    [told] = await call.with_context(of_script).encode([START])
    assert told.metadata["purpose"] == b"script"
    assert await team.with_context(of_script).decode([told], [StartCallInput]) == [START]
    payloads = await team.with_context(of_call).encode([asked, START])
    assert await call.with_context(of_call).decode(payloads[:1], [VerbRequested]) == [asked]
    for wrong, kind in ((payloads[1], StartCallInput), (payloads[0], StartCallInput)):
        with pytest.raises(InternalError) as raised:
            await call.with_context(of_call).decode([wrong], [kind])
        assert raised.value.reason == "PAYLOAD_NOT_OURS"
    [private] = await call.with_context(of_call).encode([START])
    with pytest.raises(InternalError):
        await team.with_context(of_call).decode([private], [StartCallInput])


async def test_a_destroyed_key_leaves_nothing_to_read() -> None:
    keys = MemoryKeys()
    converter = data_converter(keys).with_context(context("call/c1"))
    [payload] = await converter.encode([START])
    keys.destroyed.add("c1")
    with pytest.raises(NotFoundError):
        await converter.decode([payload], [StartCallInput])


async def test_the_history_of_a_call_holds_nothing_that_was_said(house: House) -> None:
    call = await engaged_call(house)
    await end_talk_with_secrets(call)
    await hang_up(call)
    await call.handle.result()
    history = (await call.handle.fetch_history()).to_json()
    described = str(await call.handle.describe())
    for text in (SECRET, "v=0"):
        assert text not in history
        assert text not in described
    assert "binary/encrypted" in history or "YmluYXJ5L2VuY3J5cHRlZA" in history


@pytest.mark.parametrize("kind", CordboardError.__subclasses__())
def test_an_error_survives_the_way_through_a_failure(kind: type[CordboardError]) -> None:
    error = from_failure(to_failure(kind("SOME_REASON", "a sentence", leg_id="l1")))
    assert type(error) is kind
    assert (error.reason, error.message, error.fields) == ("SOME_REASON", "a sentence", {"leg_id": "l1"})


def test_only_a_retryable_error_may_be_tried_again() -> None:
    for kind in CordboardError.__subclasses__():
        assert to_failure(kind("R", "m")).non_retryable is not kind.retryable


@pytest.mark.parametrize("failure", [None, ValueError("x"), ApplicationError("x"), ApplicationError("x", type="T")])
def test_a_foreign_failure_is_an_internal_error(failure: BaseException | None) -> None:
    error = from_failure(failure)
    assert isinstance(error, InternalError)
    assert error.reason == "INTERNAL"
