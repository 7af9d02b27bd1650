"""Erases calls by destroying their keys, unless a legal hold forbids it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cordboard.audit_log.call_keys import CallKeys
from cordboard.audit_log.draft import CALL
from cordboard.audit_log.event_codec import to_envelope
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.own_events import OwnEvents
from cordboard.audit_log.record import StreamKey
from cordboard.audit_log.stored_keys import Destruction, HoldChange, KeyStore, LegalHold, StoredKey
from cordboard.core.errors import CordboardError, InternalError, WrongStateError
from cordboard.core.fold import decision_source, fold_envelopes
from cordboard.core.phases import FINAL
from cordboard.ledger.v1.envelope_pb2 import Envelope
from cordboard.ledger.v1.facts_pb2 import CallErased, ErasureRefused, LegalHoldCleared, LegalHoldSet

# A call's workflow lives for eight hours at most.
SURELY_OVER = timedelta(days=1)
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Erased:
    """When a call's key was destroyed, and whether that was before this request."""

    at: datetime
    repeated: bool


class Erasure:
    """Changes what may become of calls' keys. Change and event become durable together."""

    def __init__(
        self, store: EventStore, stored: KeyStore, keys: CallKeys, own: OwnEvents, clock: Callable[[], datetime]
    ) -> None:
        """Make an eraser over the record's parts."""
        self._store = store
        self._stored = stored
        self._keys = keys
        self._own = own
        self._clock = clock

    async def erase(self, key: StoredKey, actor: str, reason: str, *, force: bool) -> Erased:
        """Destroy a call's key for good. Raises WrongStateError (LEGAL_HOLD, CALL_NOT_OVER); a refusal is on record."""
        if key.destroyed_at is not None:
            self._keys.forget(key.call_id)
            return Erased(key.destroyed_at, repeated=True)
        if key.hold is not None:
            raise await self._refuse(key, actor, reason, "LEGAL_HOLD", "the call is under a legal hold")
        over = await self._is_over(key.call_id)
        if not over and not force:
            raise await self._refuse(key, actor, reason, "CALL_NOT_OVER", "the call is not over")
        now = self._clock()
        try:
            fact = CallErased(reason=reason, forced=not over)
            await self._own.say(_stream(key), fact, actor, Destruction(key.call_id, now))
        except InternalError as error:
            if error.reason != "LEDGER_REFUSED":
                raise
            # A hold was set in the meantime.
            raise await self._refuse(key, actor, reason, "LEGAL_HOLD", "the call is under a legal hold") from error
        self._keys.forget(key.call_id)
        return Erased(now, repeated=False)

    async def hold(self, key: StoredKey, actor: str, reason: str) -> LegalHold:
        """Put a call under a legal hold; one that stands stays. Raises WrongStateError(KEY_DESTROYED)."""
        if key.hold is not None:
            return key.hold
        if key.destroyed_at is not None:
            raise WrongStateError("KEY_DESTROYED", "the call's key was destroyed", call_id=key.call_id)
        hold = LegalHold(reason, actor, self._clock())
        await self._own.say(_stream(key), LegalHoldSet(reason=reason), actor, HoldChange(key.call_id, hold))
        return hold

    async def release(self, key: StoredKey, actor: str, reason: str) -> bool:
        """Free a call of its legal hold; False when it has none."""
        if key.hold is None:
            return False
        await self._own.say(_stream(key), LegalHoldCleared(reason=reason), actor, HoldChange(key.call_id, None))
        return True

    async def _refuse(self, key: StoredKey, actor: str, reason: str, refusal: str, message: str) -> WrongStateError:
        await self._own.say(_stream(key), ErasureRefused(refusal=refusal, reason=reason), actor)
        return WrongStateError(refusal, message, call_id=key.call_id)

    async def _is_over(self, call_id: str) -> bool:
        decisions: list[Envelope] = []
        after, source = 0, decision_source(call_id)
        while rows := await self._store.read(StreamKey(CALL, call_id), after, _PAGE):
            if not after and self._clock() - rows[0].recorded_at > SURELY_OVER:
                return True
            decisions += [to_envelope(row, None) for row in rows if row.source == source]
            after = rows[-1].seq
        try:
            state = fold_envelopes(decisions)
        except CordboardError:
            # A record with a gap is nobody's proof that the call is over.
            return False
        return state is not None and state.phase in FINAL


def _stream(key: StoredKey) -> StreamKey:
    return StreamKey(CALL, key.call_id)
