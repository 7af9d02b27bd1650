"""Events and drafts for tests of the record."""

from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from cordboard.audit_log.assembly import Stores
from cordboard.audit_log.draft import Draft, Opening
from cordboard.audit_log.event_codec import to_draft
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.sealing import CallKey
from cordboard.audit_log.stored_keys import Destruction
from cordboard.call.v1.facts_pb2 import CallOpened, UtteranceHeard
from cordboard.ledger.v1.envelope_pb2 import NewEvent, Stream
from cordboard.runtime.ledger_client.call_id import make_call_id

START = datetime(2031, 5, 4, 12, tzinfo=UTC)
SOURCE = "media-node/media-node-1/boot-a"
KEY = CallKey(bytes(range(32)))


class FakeClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def call_id(number: int, day: datetime | None = None) -> str:
    """Make a call id of a day; a higher number was opened later."""
    return make_call_id((day or datetime.now(UTC)) + timedelta(milliseconds=number), number.to_bytes(10, "big"))


def new_event(stream: StreamKey, message: Message, number: int, source: str = SOURCE) -> NewEvent:
    """Make an event as a producer hands it over."""
    event = NewEvent(stream=Stream(kind=stream.kind, id=stream.id), source=source, source_seq=number, actor="engine")
    event.event.Pack(message)
    event.occurred_at.FromDatetime(START + timedelta(milliseconds=number))
    return event


def heard(text: str) -> UtteranceHeard:
    """Make a fact that holds PHI."""
    return UtteranceHeard(turn_id="t1", leg_id="caller", text=text, confidence=0.5)


def draft(stream: StreamKey, number: int, text: str = "hello", source: str = SOURCE) -> Draft:
    """Make a draft of a fact that holds PHI; other streams than calls get one without."""
    if stream.kind != "call":
        return to_draft(new_event(stream, CallOpened(tenant=text), number, source), None)
    return to_draft(new_event(stream, heard(text), number, source), KEY)


def opening(call: str, request_id: str = "", token_id: str = "", tenant: str = "acme") -> Opening:
    """Make a new call."""
    return Opening(
        call_id=call,
        tenant=tenant,
        request_id=request_id or f"request-{call}",
        token_id=token_id,
        args_digest=bytes(32),
        vertical="healthcare",
        kek_id="local/acme/1",
        wrapped_key=b"wrapped",
        opened_at=START,
    )


async def destroy_key(stores: Stores, call: str) -> None:
    """Destroy a call's key behind the back of any ledger that serves from the stores."""
    event = draft(StreamKey("call", call), 1, source=f"test/test/{call}")
    await stores.events.append([event], change=Destruction(call, datetime.now(UTC)))
