"""The call's voice agent: engaged, replaced when it dies, told what tools gave, released."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import RetryPolicy

from cordboard.activity.v1.call_activities_pb2 import (
    DeliverToolResultInput,
    EngageVoiceInput,
    EngageVoiceResult,
    ReleaseVoiceInput,
    SayLineInput,
)
from cordboard.call.v1.call_pb2 import CONSENT_ASKED, TALK_OUTCOME_FAULT
from cordboard.call.v1.commands_pb2 import CancelTimer, ReleaseAi
from cordboard.call.v1.decisions_pb2 import AiEngaged, ToolCallSettled
from cordboard.call.v1.facts_pb2 import ConsentAnswered, SlotsFilled, ToolCallRequested, VoicePortChanged
from cordboard.core import reasons
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER
from cordboard.voice.v1.voice_agent_service_pb2 import (
    DeliverToolResultRequest,
    EngageRequest,
    ReleaseRequest,
    SayRequest,
)
from cordboard.workflows import activity_stubs
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.journal import now_us
from cordboard.workflows.limits import ENGAGEMENTS, POLICY, VOICE_ATTACH
from cordboard.workflows.media_lane import MediaLane
from cordboard.workflows.timer_wheel import VOICE_ATTACH as VOICE_ATTACH_TIMER
from cordboard.workflows.timer_wheel import set_timer

_OPTIONS: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": POLICY.voice_rejoin,
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1)),
}

_SHORT = {
    **_OPTIONS,
    "start_to_close_timeout": timedelta(seconds=2),
    "schedule_to_close_timeout": timedelta(seconds=4),
}

STEADY_US = 20_000_000
"""A voice agent that talked for so long has not come in vain; one that dies sooner may die of the call itself."""

# A talk in which something was achieved is not what its voice agents die of.
_PROGRESS = (ConsentAnswered, SlotsFilled, ToolCallRequested)

# The agent left as it was told, or another instance has its place already.
_NO_LOSS = frozenset({reasons.RELEASED, reasons.REPLACED})


class VoiceLink:
    """Keeps a voice agent in the talk for as long as the state says that one is engaged."""

    def __init__(self, loop: CallLoop, media: MediaLane) -> None:
        self._loop = loop
        self._media = media
        self._address = ""
        self._node_id = ""
        self._avoid: list[str] = []
        self._engaging = False
        self._number = 0
        self._in_vain = 0
        self._attached_us = 0
        self._undelivered: dict[str, ToolCallSettled] = {}
        self._leaving = False
        """Whether the voice agent was told to leave; then nobody takes its place."""
        self.announcement: tuple[str, ...] = ()
        """All that the next voice agent is to say; empty for a talk."""
        self._said: tuple[str, ...] = ()
        self.after_human = False
        """Whether the next voice agent takes the caller back from a human agent."""
        loop.fact_listeners.append(self._listen)
        loop.on_timer[VOICE_ATTACH_TIMER] = self._replace

    @property
    def idle(self) -> bool:
        """Whether no engagement is under way."""
        return not self._engaging

    def react(self, event: Message) -> None:
        """Engage a voice agent, and hand it the results of tools."""
        if isinstance(event, AiEngaged):
            self._in_vain = 0
            self._leaving = False
            self._said = self.announcement
            self._engage(resume=False, after_human=self.after_human)
            self.after_human = False
        elif isinstance(event, ToolCallSettled):
            self._undelivered[event.tool_call_id] = event
            self._deliver()

    def take_up(self) -> None:
        """Engage a voice agent for the talk that the call was admitted with, if it was, and may still have it."""
        if self._loop.state.ai_engaged:
            self._engage(resume=False)

    def say(self, text: str) -> None:
        """Have a line said at the next pause; nothing happens when no voice agent is there."""
        if self._address and self._loop.state.ai_engaged:
            request = SayRequest(request_id=str(workflow.uuid4()), call_id=self._loop.call_id, text=text)
            self._loop.start(
                activity_stubs.say_line, SayLineInput(address=self._address, request=request), _forget, **_OPTIONS
            )

    def release(self, reason: str, *, finish_speaking: bool, last_words: Sequence[str] = ()) -> None:
        """Take the voice agent out; nothing happens when none was ever engaged, or it was released before."""
        self._leaving = True
        if not self._address:
            return
        request = ReleaseRequest(
            request_id=self._request_id(f"release/{self._number}"),
            call_id=self._loop.call_id,
            reason=reason,
            finish_speaking=finish_speaking,
            last_words=last_words,
            # Whoever answers at the address of a dead one by now may be in the call anew.
            engage_request_id=self._request_id(f"engage/{self._number}"),
        )
        release = ReleaseVoiceInput(address=self._address, request=request)
        self._address = ""
        self._loop.start(activity_stubs.release_voice, release, _forget, **_SHORT)

    def _listen(self, fact: Message) -> None:
        state = self._loop.state
        if isinstance(fact, _PROGRESS):
            self._in_vain = 0
        if not isinstance(fact, VoicePortChanged) or state.talk is None or fact.leg_id != state.talk.leg_id:
            return
        if fact.attached:
            self._attached_us = now_us()
            self._loop.decide(CancelTimer(timer_id=VOICE_ATTACH_TIMER))
        elif fact.reason not in _NO_LOSS:
            self._replace()

    def _replace(self) -> None:
        """Engage another instance with the conversation so far."""
        if not self._loop.state.ai_engaged or self._engaging or self._leaving:
            return
        if self._node_id:
            self._avoid.append(self._node_id)
        # It may live and only be cut off: told to leave, it cannot speak beside the one that takes its place.
        self.release(reasons.REPLACED, finish_speaking=False)
        self._leaving = False
        self._node_id = ""
        if self._attached_us and now_us() - self._attached_us > STEADY_US:
            self._in_vain = 0
        self._attached_us = 0
        self._in_vain += 1
        if self._in_vain >= ENGAGEMENTS:
            self._loop.decide(ReleaseAi(outcome=TALK_OUTCOME_FAULT))
            return
        self._engage(resume=True)

    def _engage(self, *, resume: bool, after_human: bool = False) -> None:
        state = self._loop.state
        if state.talk is None or state.profile is None or self._engaging:
            return
        self._engaging = True
        self._number += 1
        callers = state.living_legs(LEG_ROLE_CALLER)
        request = EngageRequest(
            request_id=self._request_id(f"engage/{self._number}"),
            call_id=self._loop.call_id,
            tenant=state.tenant,
            leg_id=state.talk.leg_id,
            peer_leg_id=callers[-1].leg_id if callers else "",
            node_address=self._media.address,
            leg_token=self._media.leg_token,
            ask_consent=state.consent == CONSENT_ASKED,
            announcement=self._said,
        )
        engagement = EngageVoiceInput(
            request=request,
            profile_digest=state.profile.digest,
            avoid=self._avoid,
            resume=resume and not self._said,
            consent=state.consent,
            after_human=after_human,
        )
        self._loop.start(activity_stubs.engage_voice, engagement, self._engaged, **_OPTIONS)

    def _engaged(self, handle: Any) -> None:
        self._engaging = False
        if handle.exception() is not None:
            # Every voice agent was asked, for as long as a caller can be kept waiting.
            if self._loop.state.ai_engaged:
                self._loop.decide(ReleaseAi(outcome=TALK_OUTCOME_FAULT))
            return
        result: EngageVoiceResult = handle.result()
        if result.closing:
            self._loop.decide(ReleaseAi(outcome=result.closing))
            return
        self._address, self._node_id = result.address, result.node_id
        state = self._loop.state
        if not state.ai_engaged or self._leaving:
            # The talk ended while the agent was being asked; nobody else would take it out.
            self.release(reasons.CALL_ENDED, finish_speaking=False)
            return
        leg = state.leg(state.talk.leg_id) if state.talk is not None else None
        if leg is not None and not leg.connected:
            self._loop.decide(set_timer(VOICE_ATTACH_TIMER, VOICE_ATTACH))
        self._deliver()

    def _deliver(self) -> None:
        if not self._address:
            return
        for tool_call_id, settled in self._undelivered.items():
            request = DeliverToolResultRequest(
                request_id=self._request_id(f"tool/{tool_call_id}/{settled.attempts}"),
                call_id=self._loop.call_id,
                tool_call_id=tool_call_id,
                outcome=settled.outcome,
                result=settled.result,
                reason=settled.reason,
            )
            self._loop.start(
                activity_stubs.deliver_tool_result,
                DeliverToolResultInput(address=self._address, request=request),
                partial(self._delivered, settled),
                **_SHORT,
            )

    def _delivered(self, settled: ToolCallSettled, handle: Any) -> None:
        # What did not arrive is delivered to the instance that takes the dead one's place.
        if handle.exception() is None and self._undelivered.get(settled.tool_call_id) is settled:
            del self._undelivered[settled.tool_call_id]

    def _request_id(self, what: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"cordboard:{self._loop.call_id}/{what}"))


def _forget(_: Any) -> None:
    """Whatever came of it, the call goes on."""
