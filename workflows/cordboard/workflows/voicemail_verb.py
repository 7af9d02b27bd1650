"""The verb by which a caller leaves a message."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from google.protobuf.duration_pb2 import Duration
from temporalio import workflow

from cordboard.call.v1.call_pb2 import CONSENT_GIVEN, CONSENT_REFUSED, RECORDING_STATE_ON
from cordboard.call.v1.commands_pb2 import SendMediaCommand, StartVoicemail
from cordboard.call.v1.voicemail_pb2 import EndVoicemail
from cordboard.core import reasons
from cordboard.media.v1.command_pb2 import AwaitSilence, Command, Play
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.workflows.limits import POLICY
from cordboard.workflows.talk_verbs import TalkVerbs
from cordboard.workflows.timer_wheel import VOICEMAIL as VOICEMAIL_TIMER
from cordboard.workflows.timer_wheel import set_timer

SILENCE: Final = timedelta(seconds=6)
"""A caller who says nothing so long has said everything."""


class VoicemailOutcome(StrEnum):
    """What became of a message."""

    LEFT = "LEFT"
    """It is recorded. A caller who hangs up instead ends the call, and has left it as well."""
    NOTHING_SAID = "NOTHING_SAID"
    """The caller said nothing after the tone."""
    REFUSED = "REFUSED"
    """The caller does not agree to being recorded, and was told that nothing is."""
    UNAVAILABLE = "UNAVAILABLE"
    """Nothing can be recorded at the moment, and the caller was told so."""


class VoicemailVerbs(TalkVerbs):
    """Voicemail."""

    async def voicemail(
        self,
        *,
        prompt: Sequence[str],
        refused: Sequence[str],
        limit: timedelta = POLICY.voicemail,
        silence: timedelta = SILENCE,
    ) -> VoicemailOutcome:
        """Have the caller leave a message after a tone: until they are silent, press `#`, or `limit` is over.

        A caller who was not asked yet is asked for consent to record. Without it nothing is recorded and `refused` is
        said; so it is when the recording does not start. Nothing else can be said after a message.
        """
        if self.state.consent not in (CONSENT_GIVEN, CONSENT_REFUSED):
            await self.consent()
        await self._take_leave()
        recorded = self.state.consent == CONSENT_GIVEN and await self._is_recorded()
        if not recorded:
            await self.announce(refused)
            return VoicemailOutcome.UNAVAILABLE if self.state.consent == CONSENT_GIVEN else VoicemailOutcome.REFUSED
        await self.announce(prompt)
        self._loop.on_timer[VOICEMAIL_TIMER] = self._cut_off
        await self._ask(StartVoicemail(), *self._tone_and_silence(silence), set_timer(VOICEMAIL_TIMER, limit))
        await self._wait(self._is_left, VOICEMAIL_TIMER)
        await self._until(self._is_left)
        voicemail = self.state.voicemail
        said = voicemail is None or voicemail.reason != reasons.NOTHING_SAID
        return VoicemailOutcome.LEFT if said else VoicemailOutcome.NOTHING_SAID

    async def _is_recorded(self) -> bool:
        return self.state.recording == RECORDING_STATE_ON or await self.record()

    def _tone_and_silence(self, silence: timedelta) -> list[SendMediaCommand]:
        callers = self.state.living_legs(LEG_ROLE_CALLER)
        if not callers:
            return []
        leg_id = callers[-1].leg_id
        quiet = Duration()
        quiet.FromTimedelta(silence)
        tone = Play(play_id=f"tone-{workflow.uuid4().hex[:12]}", leg_ids=[leg_id], sound="beep")
        awaited = AwaitSilence(leg_id=leg_id, quiet=quiet)
        return [
            SendMediaCommand(command=Command(play=tone)),
            # A node that cannot tell leaves it to the limit.
            SendMediaCommand(command=Command(await_silence=awaited)),
        ]

    def _is_left(self) -> bool:
        return self.state.voicemail is not None and bool(self.state.voicemail.reason)

    def _cut_off(self) -> None:
        self._loop.decide(EndVoicemail(reason=reasons.TIMED_OUT))
