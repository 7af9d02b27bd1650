"""The captured segments of a call, out of the store: each as the log names it, or its damage."""

import hashlib
from collections.abc import AsyncIterator

from google.protobuf.message import DecodeError

from cordboard.activities.wrap_up import reasons
from cordboard.activities.wrap_up.call_record import CallRecord
from cordboard.activities.wrap_up.object_seal import unseal
from cordboard.activities.wrap_up.record_store import RecordStore
from cordboard.activities.wrap_up.span import Span, merged
from cordboard.call.v1.facts_pb2 import CaptureSegmentStored
from cordboard.call.v1.wrap_up_facts_pb2 import Shortfall
from cordboard.core.errors import InternalError
from cordboard.media.v1.capture_pb2 import CaptureSegment

MOST_SHORTFALLS = 200
"""So many are named one by one; a call that lacks more lacks its beginning in the list, not its count."""


class Losses:
    """What could not be had of a call's capture."""

    def __init__(self) -> None:
        """Miss nothing yet."""
        self._spans: dict[tuple[str, str], list[Span]] = {}

    def note(self, reason: str, leg_id: str, span: Span) -> None:
        """Remember a segment."""
        self._spans.setdefault((reason, leg_id), []).append(span)

    def shortfalls(self) -> list[Shortfall]:
        """Name what is missing, neighbouring segments together."""
        found: list[Shortfall] = []
        for (reason, leg_id), spans in sorted(self._spans.items()):
            for span in merged(spans) or spans[:1]:
                count = sum(1 for one in spans if span.started_us <= one.started_us <= span.ended_us)
                found.append(
                    Shortfall(
                        reason=reason,
                        leg_id=leg_id,
                        count=count,
                        started_us=span.started_us,
                        ended_us=span.ended_us,
                    )
                )
        return found[-MOST_SHORTFALLS:]


class CaptureSource:
    """Gives a call's segments in order of their start, one at a time."""

    def __init__(self, store: RecordStore, key: bytes, record: CallRecord) -> None:
        """Read with the call's recording subkey."""
        self._store = store
        self._key = key
        self._record = record
        self.losses = Losses()

    async def segments(self) -> AsyncIterator[CaptureSegment]:
        """Give what can be had; what cannot is in `losses` afterwards."""
        stored = {(one.leg_id, one.segment): one for one in self._record.segments}
        for leg_id, number in self._record.outstanding:
            before, after = stored.get((leg_id, number - 1)), stored.get((leg_id, number + 1))
            started = before.ended_us if before is not None else 0
            ended = after.started_us if after is not None else started
            self.losses.note(reasons.CAPTURE_MISSING, leg_id, Span(started, max(started, ended)))
        for told in sorted(stored.values(), key=lambda one: (one.started_us, one.leg_id, one.segment)):
            segment = await self._fetch(told)
            if segment is not None:
                yield segment

    async def _fetch(self, told: CaptureSegmentStored) -> CaptureSegment | None:
        span = Span(told.started_us, told.ended_us)
        sealed = await self._store.get(told.object_key)
        if sealed is None:
            self.losses.note(reasons.CAPTURE_MISSING, told.leg_id, span)
            return None
        segment = self._opened(sealed, told)
        if segment is None:
            self.losses.note(reasons.CAPTURE_DAMAGED, told.leg_id, span)
        return segment

    def _opened(self, sealed: bytes, told: CaptureSegmentStored) -> CaptureSegment | None:
        if hashlib.sha256(sealed).digest() != told.sha256:
            return None
        try:
            return CaptureSegment.FromString(unseal(sealed, self._key, told.object_key))
        except (InternalError, DecodeError):
            return None
