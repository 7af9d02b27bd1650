import time

import numpy as np
import pytest
from far_end import BeepingAgent, beep

from cordboard.cli.demo.conversation import Patience, SaidLine, Talker
from cordboard.cli.demo.interruption import FIRST_LISTEN_S, LISTEN_AGAIN_S, Interruption
from cordboard.cli.demo.line_choice import LineChooser
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.script import Ask, parse_script
from cordboard.cli.demo.sound import Sound, to_pcm16
from cordboard.cli.demo.sound_in import SoundIn
from cordboard.cli.demo.timing import barge_in_ms, turn_times

PERSONA = {"name": "Ann Poe", "callback_number": "555 014 2233", "reason": "a rash", "urgency": "soon"}
SCRIPT = parse_script({"persona": PERSONA, "interrupts_at": "slot"})


def _interruption() -> Interruption:
    return Interruption(LineChooser(SCRIPT), Ask.SLOT)


@pytest.mark.parametrize("heard", ["I have Tuesday at", "One moment. I have tomorrow at", "I have Monday at 2.30"])
def test_the_caller_breaks_in_once_while_times_are_read(heard: str) -> None:
    interruption = _interruption()
    choice = interruption.choose(heard)
    assert choice is not None
    assert choice.line == "The first one, please."
    assert interruption.choose(heard) is None
    assert not interruption.listens(9.0)


@pytest.mark.parametrize("heard", ["", "I have Tuesday", "I have 5550142233.", "Okay. Is it urgent?"])
def test_the_caller_hears_everything_else_out(heard: str) -> None:
    assert _interruption().choose(heard) is None


def test_a_caller_who_wants_a_human_asks_for_one_by_breaking_in() -> None:
    script = parse_script({"persona": {**PERSONA, "wants_human": True}, "interrupts_at": "slot"})
    chooser = LineChooser(script)
    choice = Interruption(chooser, Ask.SLOT).choose("I have Tuesday at ten")
    assert choice is not None
    assert choice.name == "human"
    assert chooser.asked_for_human


def test_the_beginning_of_a_turn_is_understood_again_when_more_of_it_is_there() -> None:
    interruption = _interruption()
    assert not interruption.listens(FIRST_LISTEN_S - 0.1)
    assert interruption.listens(FIRST_LISTEN_S)
    assert not interruption.listens(FIRST_LISTEN_S + LISTEN_AGAIN_S / 2)
    assert interruption.listens(FIRST_LISTEN_S + LISTEN_AGAIN_S)
    interruption.begin()
    assert interruption.listens(FIRST_LISTEN_S)


def _received(*loud: tuple[float, float]) -> SoundIn:
    sound_in = SoundIn()
    for number in range(300):
        arrived = (number + 1) * 0.02
        gain = 0.3 if any(start <= arrived < end for start, end in loud) else 0.0
        sound = np.full(960, gain, dtype=np.float32)
        sound_in.add(arrived, number * 960, sound, to_pcm16(sound))
    return sound_in


def test_the_time_to_silence_is_from_the_callers_onset_to_the_last_audible_frame() -> None:
    line = SaidLine("slot", "", 2.0, 3.2, interrupts=True)
    measured = barge_in_ms([line], _received((0.5, 2.3), (4.0, 5.0)))
    assert measured is not None
    assert abs(measured - 300) <= 21
    [turn] = turn_times([line], _received((0.5, 2.3), (4.0, 5.0)))
    assert not turn.talked_over, "it is the caller who talked over"
    assert turn.caller_end_to_first_audio_ms is not None


def test_nothing_is_measured_without_an_interruption_or_when_the_far_end_was_silent() -> None:
    sound_in = _received((0.5, 1.5), (4.0, 5.0))
    assert barge_in_ms([SaidLine("slot", "", 2.0, 3.2)], sound_in) is None
    assert barge_in_ms([SaidLine("slot", "", 2.0, 3.2, interrupts=True)], sound_in) is None


class _EarOf:
    """Understands a short sound as a greeting or a farewell, a long one as an offer."""

    def __init__(self) -> None:
        self.turns = 0

    async def hear(self, sound: Sound) -> str:
        if len(sound) / 48000 > FIRST_LISTEN_S:
            return "I have Tuesday at ten"
        self.turns += 1
        return "Thank you. Goodbye."


async def test_over_a_real_connection_the_line_is_spoken_into_the_far_ends_turn_and_answers_it() -> None:
    lines = {line: beep(0.4, 700.0) for line in SCRIPT.spoken_lines()}
    async with BeepingAgent(2, first_beep_s=3.0, pause_s=1.2) as agent:
        phone = Phone(agent.address, "secret", time.monotonic)
        try:
            await phone.call()
            talker = Talker(
                phone,
                _EarOf(),
                LineChooser(SCRIPT),
                lines,
                clock=time.monotonic,
                tell=lambda _, **__: None,
                patience=Patience(first_words=10, answer=10, more=5, far_end_hangs_up=5, whole_call=40),
                interruption=_interruption(),
            )
            conversation = await talker.hold()
        finally:
            await phone.close()
    assert conversation.outcome == "FAR_END_HUNG_UP"
    [line] = conversation.said
    offer, _ = conversation.heard
    assert line.interrupts
    assert line.name == "slot"
    assert offer.started + 1.0 < line.started < offer.ended
    measured = barge_in_ms(conversation.said, phone.sound_in)
    assert measured is not None
    assert measured > 0, "this far end does not stop"
