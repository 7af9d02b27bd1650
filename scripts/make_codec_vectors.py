"""Writes tests/audit_log/codec/vectors.json: what docs/codec.md describes, by the engine's own code and fixed keys."""

import argparse
import asyncio
import json
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from cordboard.audit_log.anchors import Anchor, AnchoredHead, merkle_root
from cordboard.audit_log.chain import row_hash
from cordboard.audit_log.event_codec import to_draft
from cordboard.audit_log.memory.keyring import MemoryKeyring
from cordboard.audit_log.record import GENESIS, Row, StreamKey, instant, microseconds
from cordboard.audit_log.sealing import CallKey
from cordboard.audit_log.stream_state import Place, StreamState, link
from cordboard.call.v1.decisions_pb2 import CallAnswered
from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.ledger.v1.envelope_pb2 import EventRef, NewEvent, Stream
from cordboard.media.v1.capture_pb2 import CapturedPacket, CapturePause, CaptureSegment
from cordboard.media_node.archive import object_key_of, seal
from cordboard.runtime.ledger_client.spool_seal import SpoolSeal
from cordboard.workflows.payload_codec import CallCodec

PATH = Path(__file__).resolve().parent.parent / "tests" / "audit_log" / "codec" / "vectors.json"
CALL = "019abc12-3456-7def-8123-456789abcdef"
TENANT = "acme"
DATA_KEY = bytes(range(32))
PURPOSES = ("sealed", "dedupe", "temporal", "script", "recording", "transcript", "outcome", "spool")
_AT = 1_935_662_400_000_000
_SOURCE = "voice-agent/voice-agent-1/b0"


class Counted:
    """Randomness that anybody can repeat: bytes that count up from a start."""

    def __init__(self, start: int) -> None:
        """Begin at a byte."""
        self._next = start

    def __call__(self, count: int) -> bytes:
        """Give the next bytes."""
        given = bytes((self._next + at) % 256 for at in range(count))
        self._next += count
        return given


class OneKey:
    """A key source that knows the call of the vectors."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give a subkey."""
        return CallKey(DATA_KEY).subkey(purpose)


def events() -> list[NewEvent]:
    """Make three events of the call: with PHI, without, and caused by another."""
    stream = Stream(kind="call", id=CALL)
    heard = NewEvent(stream=stream, source=_SOURCE, source_seq=1, media_us=1_250_000, leg_id="caller", turn_id="t1")
    heard.event.Pack(
        UtteranceHeard(turn_id="t1", leg_id="caller", text="Mein Knie schmerzt – seit März.", confidence=0.5)
    )
    answered = NewEvent(stream=stream, source=f"workflow/{CALL}", source_seq=1, build_id="1.2.3")
    answered.event.Pack(CallAnswered())
    again = NewEvent(
        stream=stream, source=_SOURCE, source_seq=2, media_us=-1, trace_id="0af7651916cd43dd8448eb211c80319c"
    )
    again.event.Pack(UtteranceHeard(turn_id="t2", leg_id="caller", text="Yes."))
    again.causation.CopyFrom(EventRef(stream=stream, seq=1))
    for number, event in enumerate((heard, answered, again)):
        event.occurred_at.FromMicroseconds(_AT + number * 1_000_001)
        event.actor = "caller"
    return [heard, answered, again]


def rows() -> list[Row]:
    """Make the rows of the events, as the ledger's one writer does."""
    key = CallKey(DATA_KEY, Counted(0x40))
    stream = StreamKey("call", CALL)
    state = StreamState(stream, TENANT, "standard", 0)
    place = Place(position=41, shard=0, recorded_at=instant(_AT + 5_000_000))
    return link([to_draft(event, key) for event in events()], {stream: state}, place)


def row_vectors() -> list[dict[str, Any]]:
    """Describe each row, and what its sealed part holds."""
    key = CallKey(DATA_KEY)
    described: list[dict[str, Any]] = []
    for row in rows():
        assert row_hash(row) == row.hash
        fields = {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in row._asdict().items()
            if name not in {"occurred_at", "recorded_at"}
        }
        phi = key.open(StreamKey(row.stream_kind, row.stream_id), row.seq, row.sealed) if row.sealed else b""
        fields |= {"occurred_us": _micros(row.occurred_at), "recorded_us": _micros(row.recorded_at), "phi": phi.hex()}
        described.append(fields)
    return described


async def wrapped_vector() -> dict[str, Any]:
    """Wrap the data key as the local keyring does."""
    keyring = MemoryKeyring(Counted(0x80))
    wrapped = await keyring.wrap(TENANT, CALL, DATA_KEY)
    return {
        "kek_id": wrapped.kek_id,
        "tenant_key": Counted(0x80)(32).hex(),
        "tenant": TENANT,
        "call_id": CALL,
        "ciphertext": wrapped.ciphertext.hex(),
    }


async def payload_vector() -> dict[str, Any]:
    """Seal a payload as a call's workflow does."""
    inner = Payload(metadata={"encoding": b"json/plain"}, data=b'{"text":"my knee hurts"}')
    codec = CallCodec(OneKey()).with_context(WorkflowSerializationContext(namespace="n", workflow_id=f"call/{CALL}"))
    with mock.patch("os.urandom", Counted(0x10)):
        (sealed,) = await codec.encode([inner])
    return {
        "metadata": {name: value.decode() for name, value in sorted(sealed.metadata.items())},
        "data": sealed.data.hex(),
        "inner": inner.SerializeToString(deterministic=True).hex(),
        "inner_data": inner.data.decode(),
    }


def capture_vector() -> dict[str, Any]:
    """Seal a capture segment as a media node does."""
    packets = [
        CapturedPacket(
            arrival_us=20_000 * at, sequence=65_535, timestamp=960 * at, ssrc=7, payload_type=111, payload=b"op"
        )
        for at in (1, 2)
    ]
    segment = CaptureSegment(call_id=CALL, leg_id="caller", placement_epoch=1, segment=3, ended_us=5_000_000)
    segment.packets.extend(packets)
    segment.pauses.append(CapturePause(started_us=1_000_000, ended_us=2_000_000))
    name = object_key_of(TENANT, segment)
    return {
        "object_key": name,
        "sealed": seal(segment, CallKey(DATA_KEY).subkey("recording"), name, Counted(0x20)(12)).hex(),
        "segment": segment.SerializeToString().hex(),
        "as_json": json_format.MessageToDict(segment),
    }


async def spool_vector() -> dict[str, Any]:
    """Seal a record of the spool as a voice agent does."""
    spool = SpoolSeal(OneKey(), Counted(0x30))
    ready = asyncio.Event()
    event = events()[0]
    spool.prepare(event.stream, ready.set)
    await ready.wait()
    record = spool.record(event)
    assert record is not None
    header = NewEvent.FromString(record)
    return {
        "type_url": header.event.type_url,
        "stream_kind": header.stream.kind,
        "stream_id": header.stream.id,
        "source": header.source,
        "source_seq": header.source_seq,
        "value": header.event.value.hex(),
        "event": event.SerializeToString().hex(),
    }


def anchor_vectors() -> dict[str, Any]:
    """Anchor streams twice, as the ledger does."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(100, 132)))
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    described: list[dict[str, Any]] = []
    previous = GENESIS
    for number, count in enumerate((1, 7), 1):
        heads = [
            AnchoredHead(StreamKey("call" if at else "agent", f"{CALL}{at}"), at + 1, bytes([at]) * 32)
            for at in range(count)
        ]
        unsigned = Anchor(number, instant(_AT + number), 40 + number, count, merkle_root(heads), previous)
        anchor = replace(unsigned, signature=key.sign(unsigned.content()))
        previous = anchor.digest()
        described.append(
            {
                "number": number,
                "anchored_us": _AT + number,
                "position": anchor.position,
                "heads": [[*head.stream, head.seq, head.hash.hex()] for head in heads],
                "root": anchor.root.hex(),
                "previous": anchor.previous.hex(),
                "signature": anchor.signature.hex(),
                "digest": anchor.digest().hex(),
            }
        )
    return {"public_key": public.hex(), "anchors": described}


async def vectors() -> dict[str, Any]:
    """Make all vectors."""
    return {
        "about": "Vectors of docs/codec.md; made by scripts/make_codec_vectors.py. Bytes are in hex.",
        "call_id": CALL,
        "data_key": DATA_KEY.hex(),
        "subkeys": {purpose: CallKey(DATA_KEY).subkey(purpose).hex() for purpose in PURPOSES},
        "wrapped_key": await wrapped_vector(),
        "rows": row_vectors(),
        "temporal_payload": await payload_vector(),
        "capture": capture_vector(),
        "spool": await spool_vector(),
        **anchor_vectors(),
    }


def _micros(at: datetime) -> int:
    return microseconds(at)


def main() -> int:
    """Write the vectors, or with --check compare them with what is checked in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    made = json.dumps(asyncio.run(vectors()), indent=1, ensure_ascii=False) + "\n"
    if parser.parse_args().check:
        return 0 if PATH.read_text(encoding="utf-8") == made else 1
    PATH.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
