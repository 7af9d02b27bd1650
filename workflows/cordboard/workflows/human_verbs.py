"""Verbs by which a human agent takes the call over."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from temporalio import workflow
from temporalio.exceptions import ActivityError

from cordboard.activity.v1.call_activities_pb2 import HandOverRules, ReadHandOverInput
from cordboard.call.v1.call_pb2 import PHASE_AGENT_ALERTING, PHASE_AGENT_CONNECTED, PHASE_QUEUED
from cordboard.call.v1.commands_pb2 import Enqueue, HoldLeg, RetrieveLeg
from cordboard.call.v1.originate_pb2 import KeepPlace
from cordboard.workflows import activity_stubs, limits
from cordboard.workflows.agent_link import AgentLink
from cordboard.workflows.bridging import Bridged, BridgeOutcome, is_lost
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.limits import POLICY
from cordboard.workflows.talk_verbs import TalkVerbs
from cordboard.workflows.timer_wheel import AGENT_REJOIN, PATIENCE, set_timer
from cordboard.workflows.voice_link import VoiceLink

HAND_OVER = "HAND_OVER"
"""Reason of an AI agent that leaves the caller to a human."""

_READING = timedelta(seconds=5)


class HumanVerbs(TalkVerbs):
    """Enqueue, bridge, hold, retrieve, keep a place."""

    def __init__(self, loop: CallLoop, voice: VoiceLink, agent: AgentLink) -> None:
        super().__init__(loop, voice)
        self._agent = agent

    async def hand_over_rules(self) -> HandOverRules:
        """Give what the call's agent profile says about humans taking over; nothing when it cannot be read."""
        profile = self.state.profile
        if profile is None:
            return HandOverRules()
        try:
            return await workflow.execute_activity(
                activity_stubs.read_hand_over,
                ReadHandOverInput(profile_digest=profile.digest),
                start_to_close_timeout=_READING,
                schedule_to_close_timeout=2 * _READING,
            )
        except ActivityError:
            return HandOverRules(queue=profile.name)

    async def enqueue(
        self,
        queue: str,
        *,
        skills: Iterable[str] = (),
        priority: int = 0,
        hand_over: str = "",
        last_words: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        """Have the call wait for a human agent who serves `queue` and has all of `skills`; higher `priority` is sooner.

        An AI agent that still talks says `last_words` and leaves first. `hand_over` is what the human has to know,
        `reason` why the call waits again. A caller who is on hold is taken back: nobody would do it later.
        """
        if self.state.ai_engaged:
            await self._farewell(HAND_OVER, last_words)
        else:
            self._voice.release(HAND_OVER, finish_speaking=True)
        held = [RetrieveLeg(leg_id=leg.leg_id) for leg in self.state.living_legs() if leg.held]
        ask = Enqueue(queue=queue, skills=sorted(skills), priority=priority, hand_over=hand_over, reason=reason)
        await self._ask(*held, ask)
        self._agent.reopen()

    async def bridge(
        self,
        *,
        ring: timedelta = POLICY.ring,
        patience: timedelta = POLICY.patience,
        otherwise: Callable[[], Awaitable[None]] | None = None,
    ) -> Bridged:
        """Ring agents one after the other, each for `ring`, and stay until the bridge is over.

        After `patience` nobody else is rung, and `otherwise` is done. An agent who is being rung by then may still
        take the call. Routing takes an agent back who has not joined 40 s after being set aside, so longer rings end
        then. An agent whose connection breaks may come back within AGENT_REJOIN; the caller waits that long.
        """
        self._agent.ring = ring
        await self._ask(set_timer(PATIENCE, patience))
        await self._until(lambda: self._is_connected() or self._is_given_up())
        if not self._is_connected():
            if otherwise is not None:
                await otherwise()
            return Bridged(BridgeOutcome.NOBODY)
        offer = self.state.offer
        assert offer is not None
        await self._until(lambda: not self._is_bridged())
        while self._is_agent_away():
            await self._ask(set_timer(AGENT_REJOIN, limits.AGENT_REJOIN))
            if not await self._wait(lambda: self._is_agent_back() or not self._is_agent_away(), AGENT_REJOIN):
                return Bridged(BridgeOutcome.AGENT_LOST, offer.agent_id)
            await self._until(lambda: not self._is_bridged())
        return await self._bridge_over(otherwise)

    async def hold(self, leg_id: str) -> None:
        """Put a leg on hold: it hears nobody and is heard by nobody."""
        await self._ask(HoldLeg(leg_id=leg_id))

    async def retrieve(self, leg_id: str) -> None:
        """Take a leg back from hold."""
        await self._ask(RetrieveLeg(leg_id=leg_id))

    async def keep_place(
        self, queue: str, *, skills: Iterable[str] = (), priority: int = 0, since: Timestamp | None = None
    ) -> None:
        """Wait in a queue with nobody on the line, as since `since`; the party is called once an agent is set aside."""
        self._agent.since = since
        await self._ask(KeepPlace(queue=queue, skills=sorted(skills), priority=priority))

    async def _bridge_over(self, otherwise: Callable[[], Awaitable[None]] | None) -> Bridged:
        offer = self.state.offer
        if offer is not None and self.state.handed_back:
            return Bridged(BridgeOutcome.HANDED_BACK, offer.agent_id)
        if offer is not None:
            return Bridged(BridgeOutcome.AGENT_HUNG_UP, offer.agent_id)
        # The agent handed the caller on and left, and nobody else came.
        if otherwise is not None:
            await otherwise()
        return Bridged(BridgeOutcome.NOBODY)

    def _is_connected(self) -> bool:
        """Whether a human agent is in the call, and there."""
        offer = self.state.offer
        if self.state.phase != PHASE_AGENT_CONNECTED or offer is None:
            return False
        leg = self.state.leg(offer.leg_id)
        return leg is not None and leg.living

    def _is_agent_away(self) -> bool:
        """Whether the connection of the agent in the call broke; one who is on their way back is away still."""
        offer = self.state.offer
        if self.state.phase != PHASE_AGENT_CONNECTED or offer is None or self._agent.left:
            return False
        leg = self.state.leg(offer.leg_id)
        return is_lost(leg) or (leg is not None and leg.living and not leg.connected)

    def _is_agent_back(self) -> bool:
        offer = self.state.offer
        leg = self.state.leg(offer.leg_id) if offer is not None else None
        return leg is not None and leg.connected

    def _is_bridged(self) -> bool:
        """Whether a human agent has the caller, or another one is being fetched who may still come."""
        if self.state.handed_back:
            return False
        fetching = self.state.phase in (PHASE_QUEUED, PHASE_AGENT_ALERTING) and not self._is_given_up()
        return fetching or self._is_connected()

    def _is_given_up(self) -> bool:
        # What a transfer comes to when nobody takes the call stands on the log a little later.
        return self._agent.closed and self.state.phase == PHASE_QUEUED and self.state.transfer is None
