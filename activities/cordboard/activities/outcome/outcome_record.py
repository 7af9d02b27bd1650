"""Puts on the log who had an outcome or a transcript opened, who resolved a follow-up, and what an erasure removed."""

import asyncio
from typing import Final

from google.protobuf.message import Message

from cordboard.call.v1.wrap_up_facts_pb2 import (
    ErasedObjectsRemoved,
    FollowUpResolved,
    OutcomeOpened,
    TranscriptOpened,
)
from cordboard.core.errors import UnavailableError
from cordboard.runtime.ledger_client import EventProducer, call_stream

ENGINE: Final = "engine"
PATIENCE: Final = 3.0
"""Seconds that whoever asks is kept waiting for a ledger that is away."""


class LoggedOutcomes:
    """Writes facts on the call's stream, and returns once they are there; see PhiRecord."""

    def __init__(self, producer: EventProducer) -> None:
        self._producer = producer

    async def opened(self, call_id: str, on_behalf_of: str) -> None:
        """Note who is about to be shown PHI."""
        await self._write(call_id, OutcomeOpened(on_behalf_of=on_behalf_of), on_behalf_of)

    async def transcript_opened(self, call_id: str, on_behalf_of: str) -> None:
        """Note who is about to be shown what redaction took out of a transcript."""
        await self._write(call_id, TranscriptOpened(on_behalf_of=on_behalf_of), on_behalf_of)

    async def resolved(self, call_id: str, by: str) -> None:
        """Note who resolved a follow-up."""
        await self._write(call_id, FollowUpResolved(resolved_by=by), by)

    async def objects_removed(self, call_id: str, fact: ErasedObjectsRemoved) -> None:
        """Note what became of an erased call's objects."""
        await self._write(call_id, fact, ENGINE)

    async def _write(self, call_id: str, fact: Message, actor: str) -> None:
        written = self._producer.record_durably(call_stream(call_id), fact, actor=actor)
        try:
            # The fact goes on its way whatever becomes of the request: it may say more than happened, never less.
            # `wait_for` forgets that it was cancelled where both come at once (Python 3.11).
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(asyncio.ensure_future(written))
        except TimeoutError as error:
            raise UnavailableError("LEDGER_AWAY", "the record cannot be reached; try again") from error
