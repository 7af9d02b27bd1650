"""Verbs in which the AI agent serves the caller."""

from collections.abc import Sequence

from google.protobuf.message import Message
from temporalio import workflow

from cordboard.call.v1.call_pb2 import (
    CONSENT_GIVEN,
    CONSENT_REFUSED,
    DIRECTION_OUTBOUND,
    RECORDING_STATE_ON,
    TALK_OUTCOME_CALL_ENDED,
    TALK_OUTCOME_DONE,
)
from cordboard.call.v1.commands_pb2 import (
    AddLeg,
    AnswerCall,
    AskConsent,
    ChangeRecording,
    EngageAi,
    RecordConsent,
    ReleaseAi,
    RetrieveLeg,
    SendMediaCommand,
)
from cordboard.call.v1.originate_pb2 import CallParty
from cordboard.core.call_state import Leg
from cordboard.core.errors import WrongStateError
from cordboard.core.reasons import RELEASED
from cordboard.media.v1.command_pb2 import AddLeg as AddMediaLeg
from cordboard.media.v1.command_pb2 import Command, PcmPort
from cordboard.media.v1.leg_pb2 import LEG_ROLE_AI_AGENT, LEG_ROLE_CALLER, LEG_TRANSPORT_PCM
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.durable_verbs import DurableVerbs
from cordboard.workflows.limits import ANNOUNCEMENT, FAREWELL, POLICY, TALK
from cordboard.workflows.talk import TalkResult
from cordboard.workflows.timer_wheel import CONSENT as CONSENT_TIMER
from cordboard.workflows.timer_wheel import FAREWELL as FAREWELL_TIMER
from cordboard.workflows.timer_wheel import TALK as TALK_TIMER
from cordboard.workflows.timer_wheel import set_timer
from cordboard.workflows.voice_link import VoiceLink

VOICE_UNAVAILABLE = "VOICE_UNAVAILABLE"


class TalkVerbs(DurableVerbs):
    """Answer, consent, record, talk, say, announce."""

    def __init__(self, loop: CallLoop, voice: VoiceLink) -> None:
        super().__init__(loop)
        self._voice = voice
        self._talk_begun = False

    async def answer(self) -> None:
        """Answer the call, once its caller has a leg in it, or the party who is called here is connected.

        Does not wait for the log: the next verb does, and one round is enough for both. A call that begins with a talk
        was answered, and its AI agent engaged, when it was admitted; then this and the next verb find it so.
        """
        outbound = self.state.direction == DIRECTION_OUTBOUND
        if outbound and self.state.queue is None:
            await self._ask(CallParty())
        await self._until(lambda: any(leg.connected or not outbound for leg in self.state.living_legs(LEG_ROLE_CALLER)))
        self._loop.post(lambda: self._loop.decide(AnswerCall()))

    async def consent(self) -> bool:
        """Have the AI agent ask for consent to record, and tell whether it was given; no answer is a no."""
        answered = (CONSENT_GIVEN, CONSENT_REFUSED)
        await self._engage(AskConsent(), set_timer(CONSENT_TIMER, POLICY.consent))
        self._talk_begun = True
        await self._wait(lambda: self.state.consent in answered or self._is_talked_out(), CONSENT_TIMER)
        if self.state.consent not in answered:
            await self._ask(RecordConsent(given=False, means="policy"))
        return self.state.consent == CONSENT_GIVEN

    async def record(self) -> bool:
        """Start recording, and tell whether it runs; False when this build's media node cannot. Needs consent."""
        await self._ask(ChangeRecording(state=RECORDING_STATE_ON))
        await self._until(lambda: not any(one.kind == "start_recording" for one in self.state.pending_commands))
        return self.state.recording == RECORDING_STATE_ON

    async def talk(self) -> TalkResult:
        """Let the AI agent talk with the caller until the talk ends or somebody asks for a human."""
        if self._talk_begun and not self.state.ai_engaged:
            # It ended while it was still about consent.
            self._talk_begun = False
            return TalkResult.of(self.state)
        held: list[Message] = []
        if self.state.handed_back:
            self._voice.after_human = True
            held += [RetrieveLeg(leg_id=leg.leg_id) for leg in self.state.living_legs(LEG_ROLE_CALLER) if leg.held]
        await self._engage(*held, set_timer(TALK_TIMER, TALK))
        self._talk_begun = False
        if not await self._wait(self._is_talked_out, TALK_TIMER):
            await self._ask(ReleaseAi(outcome=TALK_OUTCOME_CALL_ENDED))
        return TalkResult.of(self.state)

    async def say(self, text: str) -> None:
        """Have the AI agent say a line at the next pause; nothing happens when none is there."""
        self._check()
        self._voice.say(text)

    async def announce(self, clauses: Sequence[str]) -> bool:
        """Have an AI agent say a line and nothing else, and tell whether all of it was heard.

        Takes the call out of its queue. Not for a caller who is in a talk already.
        """
        self._voice.announcement = tuple(clauses)
        try:
            await self._engage(set_timer(TALK_TIMER, ANNOUNCEMENT))
        except WrongStateError as error:
            if error.reason != VOICE_UNAVAILABLE:
                raise
            return False
        finally:
            self._voice.announcement = ()
        if not await self._wait(lambda: not self.state.ai_engaged, TALK_TIMER):
            await self._ask(ReleaseAi(outcome=TALK_OUTCOME_CALL_ENDED))
        return self.state.talk_outcome == TALK_OUTCOME_DONE

    def _is_talked_out(self) -> bool:
        """Whether the AI agent is through with the caller, or somebody else asked for a human."""
        return not self.state.ai_engaged or bool(self.state.escalation_reason)

    async def _engage(self, *also: Message) -> None:
        """Have an AI agent take up the talk unless one has; `also` is decided in the same step."""
        if self.state.ai_engaged:
            await self._ask(*also)
            return
        leg = await self._ai_leg()
        profile = self.state.profile
        if leg is None or profile is None:
            raise WrongStateError(VOICE_UNAVAILABLE, "the AI agent's port could not be made")
        await self._ask(EngageAi(leg_id=leg.leg_id, profile=profile.name), *also)

    async def _ai_leg(self) -> Leg | None:
        """Give the AI agent's leg, made now unless the admission has made it; None when the node refused."""
        leg = self._fresh_leg()
        if leg is not None:
            return leg
        leg_id = f"ai-{workflow.uuid4().hex[:12]}"
        await self._ask(
            AddLeg(leg_id=leg_id, role=LEG_ROLE_AI_AGENT, transport=LEG_TRANSPORT_PCM),
            SendMediaCommand(command=Command(add_leg=AddMediaLeg(leg_id=leg_id, pcm_port=PcmPort()))),
        )
        await self._until(lambda: not any(one.leg_id == leg_id for one in self.state.pending_commands))
        return self._fresh_leg()

    def _fresh_leg(self) -> Leg | None:
        """Give the AI agent's leg that no talk has used yet."""
        unused = (leg for leg in self.state.living_legs(LEG_ROLE_AI_AGENT) if not leg.was_connected)
        return next(unused, None)

    async def _take_leave(self) -> None:
        """Let an AI agent who is still there finish its sentence and leave."""
        if self.state.ai_engaged:
            self._talk_begun = False
            await self._farewell(RELEASED)
            await self._ask(ReleaseAi(outcome=TALK_OUTCOME_CALL_ENDED))

    async def _farewell(self, reason: str, last_words: Sequence[str] = ()) -> None:
        """Let the AI agent finish what it is saying, then leave."""
        self._check()
        self._voice.release(reason, finish_speaking=True, last_words=last_words)
        legs = self.state.living_legs(LEG_ROLE_AI_AGENT)
        if not legs or not legs[-1].connected:
            return
        leg_id = legs[-1].leg_id

        def gone() -> bool:
            leg = self.state.leg(leg_id)
            return leg is None or not leg.connected

        await self._ask(set_timer(FAREWELL_TIMER, FAREWELL))
        await self._wait(gone, FAREWELL_TIMER)
