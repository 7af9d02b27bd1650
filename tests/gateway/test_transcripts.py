"""What was said in calls, at the front door; transcripts are served over gRPC as the wrap-up process does it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import grpc
import pytest
from gateway_house import TENANT, House, reason_of

from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.wrap_up.record_store import MemoryRecordStore
from cordboard.activities.wrap_up.stage import TRANSCRIPT, Place, Workshop
from cordboard.activities.wrap_up.transcript_service import ALLOWED, TranscriptService
from cordboard.activities.wrap_up.transcript_text import JSON_TYPE, to_json
from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1 import wrap_up_facts_pb2 as facts
from cordboard.core.errors import UnavailableError, WrongStateError
from cordboard.gateway.transcripts import TranscriptsClient
from cordboard.runtime.grpc_channel import open_channel
from cordboard.runtime.grpc_server import GrpcServer
from cordboard.runtime.identity import ServiceIdentity, TokenVerifier
from cordboard.runtime.ledger_client import MemoryLedger
from cordboard.wrap_up.v1.transcript_pb2 import SPEAKER_CALLER, Transcript, Utterance

AUDIENCE = "wrap-up"
READ = ("calls:read",)
WHOLE = (*READ, "phi")


class Archive:
    """Objects of calls, their key, and what is put on record of them."""

    def __init__(self) -> None:
        self.workshop = Workshop(MemoryLedger(), self, MemoryRecordStore())
        self.opened_for: list[str] = []
        self.erased = self.ledger_away = False
        self.stop: Callable[[], Awaitable[None]]

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        if self.erased:
            raise WrongStateError("KEY_DESTROYED", "the key is destroyed")
        return bytes(32)

    async def transcript_opened(self, call_id: str, on_behalf_of: str) -> None:
        if self.ledger_away:
            raise UnavailableError("LEDGER_AWAY", "away")
        self.opened_for.append(on_behalf_of)

    async def add(self, call_id: str, tenant: str = TENANT) -> None:
        """Keep what wrap-up keeps of a call in which one sentence was said."""
        said = Utterance(text="this is maria lopez", speaker=SPEAKER_CALLER)
        original = Transcript(call_id=call_id, utterances=[said])
        redaction = RedactionEngine.of_own_rules().redact(original)
        place, keep = Place(tenant, call_id), self.workshop.keep_sealed
        record = redaction.record.SerializeToString()
        await keep(place, facts.OBJECT_KIND_TRANSCRIPT_SEALED, original.SerializeToString(), TRANSCRIPT)
        await keep(place, facts.OBJECT_KIND_REDACTIONS_SEALED, record, TRANSCRIPT)
        published = to_json(redaction.redacted)
        await self.workshop.keep(place, facts.OBJECT_KIND_TRANSCRIPT_REDACTED, published, JSON_TYPE)


@pytest.fixture
async def archive(house: House) -> AsyncIterator[Archive]:
    """Transcripts that the gateway of the house shows."""
    made = Archive()
    server = GrpcServer("127.0.0.1:0", TokenVerifier.load(house.keys), AUDIENCE, allowed=ALLOWED)
    TranscriptService(made.workshop, made).serve_on(server)
    port = await server.start()
    identity = ServiceIdentity.load(house.keys, "gateway", "gateway-1")
    async with open_channel(f"127.0.0.1:{port}", identity, AUDIENCE) as channel:
        house.neighbours = replace(house.neighbours, transcripts=TranscriptsClient(channel))
        await house.restart()
        made.stop = server.stop
        yield made
    await server.stop()


def request(call_id: str, *, unredacted: bool = False) -> pb.GetTranscriptRequest:
    return pb.GetTranscriptRequest(call_id=call_id, unredacted=unredacted)


async def shown(house: House, asked: pb.GetTranscriptRequest, scopes: tuple[str, ...]) -> pb.GetTranscriptResponse:
    async with house.calls(house.token("engineer", scopes, subject="eve")) as stub:
        return await stub.GetTranscript(asked)


async def refused(house: House, asked: pb.GetTranscriptRequest, scopes: tuple[str, ...]) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await shown(house, asked, scopes)
    return reason_of(failed.value)


async def test_a_transcript_is_shown_with_tags_whatever_the_scope(house: House, archive: Archive) -> None:
    call_id = await house.started()
    await archive.add(call_id)
    for scopes in (READ, WHOLE):
        answer = await shown(house, request(call_id), scopes)
        assert [one.text for one in answer.redacted.utterances] == ["this is [NAME-1]"]
        assert not answer.HasField("original")
        assert not answer.HasField("redactions")
    assert archive.opened_for == []


async def test_the_words_as_said_are_shown_to_a_holder_of_the_scope_once_that_is_on_record(
    house: House, archive: Archive
) -> None:
    call_id = await house.started()
    await archive.add(call_id)
    answer = await shown(house, request(call_id, unredacted=True), WHOLE)
    assert answer.original.utterances[0].text == "this is maria lopez"
    assert [(span.tag, span.original) for span in answer.redactions.spans] == [("[NAME-1]", "maria lopez")]
    assert archive.opened_for == ["engineer/eve"]


async def test_without_the_scope_the_words_as_said_are_refused_and_the_refusal_is_in_the_log(
    house: House, archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    call_id = await house.started()
    await archive.add(call_id)
    assert await refused(house, request(call_id, unredacted=True), READ) == "SCOPE_MISSING"
    assert await refused(house, request(call_id), ("phi",)) == "SCOPE_MISSING"
    [first, _] = [one for one in caplog.records if one.message == "a transcript was refused"]
    assert (first.__dict__["method"], first.__dict__["call_id"]) == ("GetTranscript", call_id)
    assert archive.opened_for == []


async def test_nothing_is_opened_that_cannot_be_put_on_record(house: House, archive: Archive) -> None:
    call_id = await house.started()
    await archive.add(call_id)
    archive.ledger_away = True
    assert await refused(house, request(call_id, unredacted=True), WHOLE) == "TRANSCRIPTS_AWAY"


async def test_of_an_erased_call_nothing_is_shown_be_it_that_its_objects_are_still_there(
    house: House, archive: Archive
) -> None:
    call_id = await house.started()
    await archive.add(call_id)
    archive.erased = True
    for unredacted in (False, True):
        assert await refused(house, request(call_id, unredacted=unredacted), WHOLE) == "ERASED"
    assert archive.opened_for == []


async def test_a_call_that_is_not_wrapped_up_has_no_transcript_yet(house: House, archive: Archive) -> None:
    assert await refused(house, request(await house.started()), READ) == "TRANSCRIPT_PENDING"


async def test_another_tenants_transcript_is_not_there(house: House, archive: Archive) -> None:
    call_id = await house.started(tenant="other")
    await archive.add(call_id, "other")
    assert await refused(house, request(call_id, unredacted=True), WHOLE) == "CALL_NOT_FOUND"
    assert archive.opened_for == []


async def test_transcripts_that_are_away_are_told_as_such(house: House, archive: Archive) -> None:
    call_id = await house.started()
    await archive.stop()
    assert await refused(house, request(call_id), READ) == "TRANSCRIPTS_AWAY"


async def test_a_gateway_that_knows_no_wrap_up_says_that_transcripts_are_away(house: House) -> None:
    assert await refused(house, request(await house.started()), READ) == "TRANSCRIPTS_AWAY"
