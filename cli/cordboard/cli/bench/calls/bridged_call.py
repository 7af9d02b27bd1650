"""A call whose two parties are people: a caller who asks for one at once, and a human agent at a desk."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cordboard.cli.bench.calls.far_phone import Exchange, FarPhone
from cordboard.cli.bench.calls.samples import Samples
from cordboard.cli.bench.calls.speech_line import SpeechLine
from cordboard.cli.demo.desk import Desk
from cordboard.core.errors import CordboardError, UnavailableError

CONSENT = "Yes, that is fine."
WISH = "I want to talk to a person, please."
_FIRST_SOUND_S = 10.0
_FINISHED_S = 0.8
_ASKS = 4
_RINGS_WITHIN_S = 90.0
_STEP_S = 20.0


@dataclass(slots=True)
class BridgedParty:
    """A caller or an agent of a bridged call, for as long as `run` is not cancelled."""

    exchange: Exchange
    samples: Samples
    frames: Sequence[bytes]
    """What they say to each other, over and over."""
    bridged: asyncio.Event
    phone: FarPhone | None = None

    async def serve(self, token: str) -> None:
        """Be an agent: sign in, answer the first call that rings, talk. What fails is noted."""
        with self._noting():
            async with Desk(self.exchange.gateway, token) as desk:
                await desk.send("set_state", state="READY")
                alerted = await desk.event("AgentAlerted", within=_RINGS_WITHIN_S)
                call_id = alerted["event"]["stream"]["id"]
                epoch = int(alerted["event"]["event"]["reservationEpoch"])
                await desk.send("answer_offer", call_id=call_id, reservation_epoch=epoch, accepted=True)
                async with self.exchange.call(token, f"/v1/calls/{call_id}/legs") as phone:
                    await desk.event("AgentConnected", within=_STEP_S)
                    await self._speak(phone)

    async def ask(self, token: str, consent: SpeechLine, wish: SpeechLine) -> None:
        """Be a caller: consent, ask for a person until one is there, talk. What fails is noted."""
        with self._noting():
            async with self.exchange.call(token) as phone:
                self.samples.call_ids.append(phone.call_id)
                self.samples.add("answer", phone.posted, (phone.answered - phone.posted) * 1000)
                first = await phone.listener.audible_after(phone.posted, _FIRST_SOUND_S)
                if first is None:
                    raise UnavailableError("NOTHING_HEARD", "the agent did not greet")
                self.samples.add("click", phone.posted, (first - phone.posted) * 1000)
                asking = asyncio.create_task(_ask_for_a_person(phone, consent, wish))
                try:
                    async with asyncio.timeout(_RINGS_WITHIN_S):
                        await phone.listener.stamped_heard()
                except TimeoutError:
                    raise UnavailableError("NOBODY_CAME", "no agent was heard") from None
                finally:
                    asking.cancel()
                await self._speak(phone)

    async def _speak(self, phone: FarPhone) -> None:
        phone.microphone.stamp(self.frames)
        await phone.listener.stamped_heard()
        self.phone = phone
        self.bridged.set()
        await phone.closed.wait()
        raise UnavailableError("LINE_LOST", "a bridged call has ended")

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except CordboardError as error:
            self.samples.fail(time.perf_counter(), error.reason)
            # Whoever waits for the bridge must not wait for ever.
            self.phone = None
            self.bridged.set()


async def _ask_for_a_person(phone: FarPhone, consent: SpeechLine, wish: SpeechLine) -> None:
    for line in (consent, *(wish,) * _ASKS):
        # Music is heard while the caller waits; then there is nothing to say any more.
        await phone.listener.quiet_for(_FINISHED_S)
        spoken = await phone.microphone.say(line)
        await phone.listener.audible_after(spoken.ended, _STEP_S)
