"""Noticing that a leg has fallen silent."""

from itertools import count

import numpy as np
import pytest
from media_room import RoomHouse

from cordboard.call.v1.voicemail_pb2 import SilenceHeard
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.media_node.opus import SPEECH_FRAME, SPEECH_RATE, SpeechEncoder
from cordboard.media_node.rtp import RtpPacket, build_rtp

SECOND = 1_000_000


class Voice:
    """A caller who can hum, hiss like a quiet line, or send nothing."""

    def __init__(self, house: RoomHouse) -> None:
        self._house = house
        self.leg = house.add("caller")
        self.leg.connect()
        self._encoder = SpeechEncoder()
        self._numbers = count()
        self._noise = np.random.default_rng(1)

    def send(self, seconds: float, amplitude: float, *, tone: bool) -> None:
        for _ in range(round(seconds * 50)):
            axis = np.arange(SPEECH_FRAME) / SPEECH_RATE
            wave = np.sin(2 * np.pi * 300 * axis) if tone else self._noise.standard_normal(SPEECH_FRAME)
            number = next(self._numbers)
            payload = self._encoder.encode((wave * amplitude).astype(np.int16))
            self.leg.speak([build_rtp(RtpPacket(111, False, number, number * 960, 5, payload))])
            self._house.clock.advance(20_000)

    def speak(self, seconds: float) -> None:
        self.send(seconds, 6_000, tone=True)

    def hiss(self, seconds: float) -> None:
        self.send(seconds, 40, tone=False)


def told(house: RoomHouse) -> list[tuple[float, bool]]:
    events = [fact.event for fact in house.facts.facts if isinstance(fact.event, SilenceHeard)]
    return [(round(event.quiet.ToMicroseconds() / SECOND), event.spoke) for event in events]


async def test_a_caller_who_spoke_and_stopped_is_silent_once() -> None:
    house = RoomHouse()
    voice = Voice(house)
    house.room.await_silence("caller", 3 * SECOND)
    voice.hiss(2)
    voice.speak(1)
    voice.hiss(2.5)
    voice.speak(1)
    assert told(house) == []
    voice.hiss(8)
    assert told(house) == [(3, True)]


async def test_a_caller_who_sends_nothing_at_all_is_silent_too() -> None:
    house = RoomHouse()
    Voice(house)
    house.room.await_silence("caller", 3 * SECOND)
    house.clock.advance(10 * SECOND)
    assert told(house) == [(3, False)]


async def test_a_click_is_no_speech() -> None:
    house = RoomHouse()
    voice = Voice(house)
    house.room.await_silence("caller", 3 * SECOND)
    voice.hiss(2)
    voice.speak(0.04)
    voice.hiss(1.5)
    assert told(house) == [(3, False)]


async def test_a_new_wait_takes_the_place_of_the_first_and_a_leg_that_goes_ends_it() -> None:
    house = RoomHouse()
    Voice(house)
    house.room.await_silence("caller", 2 * SECOND)
    house.room.await_silence("caller", 4 * SECOND)
    house.clock.advance(3 * SECOND)
    house.room.remove("caller", "DONE")
    house.clock.advance(10 * SECOND)
    assert told(house) == []


async def test_what_cannot_be_awaited_is_refused() -> None:
    house = RoomHouse()
    with pytest.raises(NotFoundError, match="LEG_NOT_FOUND"):
        house.room.await_silence("caller", SECOND)
    Voice(house)
    with pytest.raises(InvalidError, match="SILENCE_INVALID"):
        house.room.await_silence("caller", 0)
