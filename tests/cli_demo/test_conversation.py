import time
from collections.abc import Sequence
from typing import Any

import pytest
from far_end import BeepingAgent, beep

from cordboard.cli.demo.conversation import Conversation, Patience, Talker
from cordboard.cli.demo.line_choice import LineChooser
from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.script import parse_script
from cordboard.cli.demo.sound import Sound
from cordboard.cli.demo.timing import offer_to_first_audio_ms, turn_times
from cordboard.core.errors import CordboardError

SCRIPT = parse_script(
    {"persona": {"name": "Ann Poe", "callback_number": "555 014 2233", "reason": "a rash", "urgency": "soon"}}
)


class ScriptedEar:
    """Hears one prepared text per beep, whatever the beep."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = list(texts)
        self.lengths: list[float] = []

    async def hear(self, sound: Sound) -> str:
        self.lengths.append(len(sound) / 48000)
        return self._texts.pop(0)


async def _converse(texts: Sequence[str], *, turns: int | None = None) -> tuple[Conversation, Phone, BeepingAgent, Any]:
    events: list[str] = []
    ear = ScriptedEar(texts)
    lines = {line: beep(0.4, 700.0) for line in SCRIPT.spoken_lines()}
    async with BeepingAgent(turns or len(texts)) as agent:
        phone = Phone(agent.address, "secret", time.monotonic)
        try:
            answered = await phone.call()
            talker = Talker(
                phone,
                ear,
                LineChooser(SCRIPT),
                lines,
                clock=time.monotonic,
                tell=lambda event, **_: events.append(event),
                patience=Patience(first_words=30, answer=30, more=30, far_end_hangs_up=30, whole_call=90),
            )
            conversation = await talker.hold()
        finally:
            await phone.close()
    return conversation, phone, agent, (answered, events, ear)


async def test_a_whole_conversation_goes_over_a_real_webrtc_connection() -> None:
    texts = ["May we record this call?", "What is your name?", "Thank you. Goodbye."]
    conversation, phone, agent, (answered, events, ear) = await _converse(texts)
    assert conversation.outcome == "FAR_END_HUNG_UP"
    assert [line.name for line in conversation.said] == ["consent", "name"]
    assert [turn.text for turn in conversation.heard] == texts
    assert agent.caller_turns == 2
    assert agent.tokens == ["Bearer secret"]
    assert (answered.call_id, answered.leg_id) == ("c-1", "l-1")
    assert events.count("heard") == 3
    assert all(length > 0.4 for length in ear.lengths), "each beep of half a second is heard whole"
    assert len(phone.sound_in.timeline()) > 48000


async def test_the_caller_waits_for_the_far_end_and_measures_its_answers() -> None:
    conversation, phone, _, (answered, _, _) = await _converse(["May we record this call?", "Goodbye."])
    [first, _] = conversation.heard
    [line] = conversation.said
    assert line.started - first.ended > 0.5, "nobody is spoken over"
    [turn] = turn_times(conversation.said, phone.sound_in)
    assert turn.caller_end_to_first_audio_ms is not None
    assert turn.caller_end_to_first_audio_ms > 250, "the beeping agent waits 300 ms"
    assert not turn.talked_over
    set_up = offer_to_first_audio_ms(answered.posted, phone.sound_in)
    assert set_up is not None
    assert set_up > 0


async def test_a_refused_offer_gives_the_gateways_own_reason() -> None:
    async with BeepingAgent(1, refuse=(401, "TOKEN_EXPIRED")) as agent:
        phone = Phone(agent.address, "old", time.monotonic)
        with pytest.raises(CordboardError) as caught:
            await phone.call()
        await phone.close()
    assert caught.value.reason == "TOKEN_EXPIRED"


async def test_a_gateway_that_is_not_there_is_named_so() -> None:
    phone = Phone("http://127.0.0.1:9", "token", time.monotonic, patience_s=0)
    with pytest.raises(CordboardError) as caught:
        await phone.call()
    await phone.close()
    assert caught.value.reason == "GATEWAY_AWAY"


async def test_a_door_that_is_away_is_tried_again_with_the_same_request() -> None:
    async with BeepingAgent(1, away=2) as agent:
        phone = Phone(agent.address, "token", time.monotonic)
        await phone.call()
        await phone.close()
    assert len(agent.requests) == 3
    assert len(set(agent.requests)) == 1
