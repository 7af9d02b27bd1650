"""The durable verbs that a call's script is written in."""

from cordboard.call.v1.commands_pb2 import HangUp
from cordboard.workflows.callback_verb import CallbackVerbs
from cordboard.workflows.durable_verbs import CallOver
from cordboard.workflows.gather_verb import GatherVerbs
from cordboard.workflows.human_verbs import HumanVerbs
from cordboard.workflows.voicemail_verb import VoicemailVerbs

__all__ = ["Call", "CallOver"]


class Call(HumanVerbs, GatherVerbs, VoicemailVerbs, CallbackVerbs):
    """A call in the hands of its script. Each verb is durable, idempotent, and safe against a hang-up at any point."""

    async def hang_up(self, reason: str) -> None:
        """End the call once the AI agent has finished its sentence."""
        await self._farewell(reason)
        await self._ask(HangUp(reason=reason))
