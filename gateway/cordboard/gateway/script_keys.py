"""The keys that calls share with their registered workflows, handed to the teams that run them."""

from typing import Protocol

from cordboard.call.v1.script_pb2 import ScriptPinned
from cordboard.core.errors import WrongStateError
from cordboard.core.fold import is_decision_envelope
from cordboard.gateway.access import is_call_id
from cordboard.gateway.call_reader import call_not_found
from cordboard.gateway.ledger_door import ledger_away
from cordboard.registry.v1.registration_pb2 import ScriptKeyGiven
from cordboard.runtime.ledger_client import EventProducer, Ledger, call_stream

PURPOSE = "script"


class KeySource(Protocol):
    """Gives subkeys of the calls' data keys, such as the engine's key client."""

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give the 32-byte subkey of a call for one purpose. Raises CordboardError."""
        ...


class ScriptKeys:
    """Gives script keys, and puts on record whom they were given to."""

    def __init__(self, ledger: Ledger, producer: EventProducer, keys: KeySource) -> None:
        self._ledger = ledger
        self._producer = producer
        self._keys = keys

    async def give(self, tenant: str, call_id: str, given_to: str) -> bytes:
        """Give the key of what travels between a call and its registered workflow.

        Raises NotFoundError(CALL_NOT_FOUND), also for another tenant's call, WrongStateError (NOT_A_SCRIPT,
        KEY_DESTROYED).
        """
        if not is_call_id(call_id):
            raise call_not_found()
        known = scripted = False
        with ledger_away():
            async for envelope in self._ledger.read(call_stream(call_id)):
                if envelope.tenant != tenant:
                    raise call_not_found()
                known = True
                if is_decision_envelope(envelope) and envelope.event.event.Is(ScriptPinned.DESCRIPTOR):
                    scripted = True
                    break
            if not known:
                raise call_not_found()
            if not scripted:
                raise WrongStateError("NOT_A_SCRIPT", "the call is run by no registered workflow")
            subkey = await self._keys.subkey(call_id, PURPOSE)
        await self._producer.record(call_stream(call_id), ScriptKeyGiven(given_to=given_to), actor=given_to)
        return subkey
