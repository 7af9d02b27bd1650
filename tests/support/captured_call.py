"""A call as its log and the store have it after its end: legs that spoke at known times, captured in segments."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import av
import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

from cordboard.activities.wrap_up.object_seal import seal
from cordboard.activities.wrap_up.record_store import MemoryRecordStore, RecordStore
from cordboard.activities.wrap_up.stage import KeySource, Workshop
from cordboard.call.v1 import decisions_pb2 as decisions
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.core.event_message import pack
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.media.v1.capture_pb2 import CapturedPacket, CapturePause, CaptureSegment
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER, LegRole
from cordboard.runtime.ledger_client import Ledger, MemoryLedger, call_stream

Samples = NDArray[np.int16]

RATE = 24_000
FRAME = RATE // 50
SEGMENT_US = 5_000_000
TENANT = "clinic"


class Keys:
    """Subkeys out of thin air."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give 32 bytes."""
        return hashlib.sha256(f"{call_id}/{purpose}".encode()).digest()


def tone(seconds: float, at: float, hertz: int = 1000, length: float = 0.1) -> Samples:
    """Silence of `seconds` with a tone in it that begins `at` seconds."""
    sound = np.zeros(int(seconds * RATE), np.int16)
    first, count = int(at * RATE), int(length * RATE)
    sound[first : first + count] = 12_000 * np.sin(2 * np.pi * hertz * np.arange(count) / RATE)
    return sound


def opus(sound: Samples) -> list[bytes]:
    """Encode 24 kHz mono as a voice agent's port does, in payloads of 20 ms."""
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout, codec.sample_rate = 24_000, "s16", "mono", RATE
    codec.time_base = Fraction(1, RATE)
    codec.options = {"application": "voip", "frame_duration": "20"}
    payloads: list[bytes] = []
    for start in range(0, len(sound) - FRAME + 1, FRAME):
        frame = av.AudioFrame.from_ndarray(sound[start : start + FRAME].reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, start
        payloads += [bytes(packet) for packet in codec.encode(frame)]
    return payloads


def packets(
    sound: Samples, started_us: int, *, ssrc: int = 7, clock: float = 1.0, sequence: int = 65_500, delay_us: int = 0
) -> list[CapturedPacket]:
    """Packets of a sender that began to speak at `started_us`; `clock` is how fast its own clock runs."""
    return [
        CapturedPacket(
            arrival_us=int(started_us + place * 20_000 / clock) + delay_us,
            sequence=(sequence + place) % 65_536,
            timestamp=((1 << 32) - 48_000 + place * 960) % (1 << 32),
            ssrc=ssrc,
            payload_type=111,
            payload=payload,
        )
        for place, payload in enumerate(opus(sound))
    ]


@dataclass
class CapturedCall:
    """One call in a ledger and a store, both in memory unless given."""

    ledger: Ledger = field(default_factory=MemoryLedger)
    store: MemoryRecordStore = field(default_factory=MemoryRecordStore)
    keys: KeySource = field(default_factory=Keys)
    call_id: str = ""
    numbers: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    kept: RecordStore | None = None
    """Where segments go instead of the store in memory."""

    @property
    def workshop(self) -> Workshop:
        """What stages work with."""
        return Workshop(self.ledger, self.keys, self.store)

    async def open(self, *legs: tuple[str, LegRole.ValueType], recorded: bool = True) -> "CapturedCall":
        """Begin it, with consent when it is recorded."""
        opened = await self.ledger.open_call(tenant=TENANT, request_id="r", args_digest=bytes(32), vertical="clinic")
        self.call_id = opened.call_id
        for leg_id, role in legs or (("caller", LEG_ROLE_CALLER), ("ai", LEG_ROLE_AI_AGENT)):
            await self.decide(decisions.LegAdded(leg_id=leg_id, role=role))
        if recorded:
            await self.decide(decisions.ConsentRecorded(given=True), decisions.RecordingStarted())
        return self

    async def decide(self, *events: Message) -> None:
        """Put decisions on its log."""
        for event in events:
            await self._append(event, f"workflow/{self.call_id}", 0)

    async def tell(self, event: Message, media_us: int = 0, source: str = "media-node/media-node-1/b1") -> None:
        """Put a fact on its log."""
        await self._append(event, source, media_us)

    async def capture(
        self, leg_id: str, sent: list[CapturedPacket], pauses: list[CapturePause] | None = None, *, epoch: int = 1
    ) -> None:
        """Keep what a leg sent in segments as a media node does, and tell of each."""
        last = max(packet.arrival_us for packet in sent)
        for start in range(0, last + 1, SEGMENT_US):
            mine = [packet for packet in sent if start <= packet.arrival_us < start + SEGMENT_US]
            if mine:
                segment = CaptureSegment(
                    call_id=self.call_id,
                    leg_id=leg_id,
                    placement_epoch=epoch,
                    segment=self.counts.get(leg_id, 0),
                    started_us=start,
                    ended_us=min(start + SEGMENT_US, last + 20_000),
                    packets=mine,
                    pauses=[one for one in pauses or [] if start <= one.started_us < start + SEGMENT_US],
                )
                await self._store(segment)

    async def end_capture(self, epoch: int = 1) -> None:
        """Tell how many segments there are."""
        legs = [facts.CaptureEnded.CapturedLeg(leg_id=name, segments=count) for name, count in self.counts.items()]
        await self.tell(facts.CaptureEnded(placement_epoch=epoch, legs=legs))

    async def _store(self, segment: CaptureSegment) -> None:
        self.counts[segment.leg_id] = segment.segment + 1
        name = f"captures/{TENANT}/{self.call_id}/{segment.placement_epoch}/{segment.leg_id}/{segment.segment:06d}"
        sealed = seal(segment.SerializeToString(), await self.keys.subkey(self.call_id, "recording"), name)
        await (self.kept or self.store).put_once(name, sealed, "application/octet-stream")
        stored = facts.CaptureSegmentStored(
            leg_id=segment.leg_id,
            segment=segment.segment,
            object_key=name,
            sha256=hashlib.sha256(sealed).digest(),
            size=len(sealed),
            packets=len(segment.packets),
            started_us=segment.started_us,
            ended_us=segment.ended_us,
        )
        await self.tell(stored, segment.ended_us)

    async def _append(self, event: Message, source: str, media_us: int) -> None:
        self.numbers[source] = self.numbers.get(source, 0) + 1
        new = NewEvent(
            stream=call_stream(self.call_id),
            event=pack(event),
            source=source,
            source_seq=self.numbers[source],
            media_us=media_us,
        )
        new.occurred_at.FromDatetime(datetime.now(UTC))
        await self.ledger.append([new])
