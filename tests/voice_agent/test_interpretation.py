"""A language model that says in plain words what a caller meant, where a profile wants that."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable

import pytest
from chat_server import ChatServer, chat_server
from voice_agent_call import PROFILE, SILENCE, VOICE, MemoryCall

from cordboard.call.v1.facts_pb2 import ConsentAnswered, ConversationEnded, SlotsFilled, UtteranceHeard
from cordboard.core.errors import UnavailableError
from cordboard.runtime.settings import Settings
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Stage, Utterance
from cordboard.voice_agent.dialogue.interpretation import may_interpret, usable
from cordboard.voice_agent.engagement import Engagement
from cordboard.voice_agent.engines.engine_choice import chosen_interpreter
from cordboard.voice_agent.engines.interpreter import Interpreter, ScriptedInterpreter

INTERPRETED = dataclasses.replace(PROFILE, interpreted=True)
MEANT = "My name is Peter Hall."
SAID = "Peter it is, and then Hall as in town hall."


def engagement(*, interpreted: bool = True) -> Engagement:
    profile = INTERPRETED if interpreted else PROFILE
    return Engagement("call-1", "leg-ai", "leg-caller", profile, ask_consent=True)


class Away:
    """An interpreter that cannot be reached."""

    async def interpret(self, question: str, text: str) -> str:
        raise UnavailableError("INTERPRETER_AWAY", "gone")


async def answer(interpreter: Interpreter, said: str = SAID, *, interpreted: bool = True) -> tuple[str, MemoryCall]:
    """Answer the question for the name, and give what is known of it."""
    async with MemoryCall(engagement=engagement(interpreted=interpreted), interpreter=interpreter) as call:
        await call.listen()
        await call.say("Yes.")
        await call.say(said)
        filled = call.of(SlotsFilled)
        return (filled[-1].slots.name if filled else ""), call


async def test_what_was_meant_is_learnt_and_what_was_said_is_logged() -> None:
    interpreter = ScriptedInterpreter({SAID: MEANT})
    name, call = await answer(interpreter)
    assert name == "Peter Hall"
    assert call.of(UtteranceHeard)[-1].text == SAID
    assert interpreter.asked == [("What's your name?", SAID)]


async def test_consent_is_told_from_the_callers_own_words() -> None:
    interpreter = ScriptedInterpreter({"I suppose.": "Yes."})
    async with MemoryCall(engagement=engagement(), interpreter=interpreter) as call:
        await call.listen()
        await call.say("I suppose.")
        assert not call.of(ConsentAnswered)
    assert not interpreter.asked


async def test_danger_is_not_put_into_other_words() -> None:
    interpreter = ScriptedInterpreter({"I have chest pain.": "I am calling about a cold."})
    _, call = await answer(interpreter, "I have chest pain.")
    assert call.of(ConversationEnded)
    assert not interpreter.asked


async def test_without_an_answer_the_callers_own_words_do() -> None:
    name, _ = await answer(Away(), "Peter Hall.")
    assert name == "Peter Hall"


async def test_a_profile_that_does_not_want_it_is_not_interpreted() -> None:
    interpreter = ScriptedInterpreter({})
    name, _ = await answer(interpreter, "Peter Hall.", interpreted=False)
    assert name == "Peter Hall"
    assert not interpreter.asked


class Pondering(ScriptedInterpreter):
    """Never comes to an end."""

    async def interpret(self, question: str, text: str) -> str:
        await super().interpret(question, text)
        if len(self.asked) == 1:
            await asyncio.Event().wait()
        return MEANT


async def test_a_caller_who_goes_on_while_it_is_thought_about_has_said_one_turn() -> None:
    interpreter = Pondering({})
    async with MemoryCall(engagement=engagement(), interpreter=interpreter) as call:
        await call.listen()
        await call.say("Yes.")
        call.script.expect("Peter comes first.", "Peter comes first, then Hall.")
        await call.voice(600)

        async def pass_by(frame: bytes, until: Callable[[], bool]) -> None:
            for _ in range(100):
                if until():
                    return
                call.node.frame(frame)
                for _ in range(20):
                    await asyncio.sleep(0)
            raise AssertionError("it did not come to that")

        await pass_by(SILENCE, lambda: bool(interpreter.asked))
        await pass_by(VOICE, lambda: call.conversation.is_settled)
        await call.voice(400)
        await call.silence(1_500)
        await call.listen()
        assert [heard.text for heard in call.of(UtteranceHeard)] == ["Yes.", "Peter comes first, then Hall."]
        assert call.of(SlotsFilled)[-1].slots.name == "Peter Hall"


@pytest.mark.parametrize(
    ("text", "meaning", "good"),
    [
        ("five five five oh one four two", "My number is 555 0142.", True),
        ("five five five, no, six six six, oh one four two", "My number is 666 0142.", True),
        ("five five five oh one four two", "My number is 415 555 0142.", False),
        ("it hurts", "", False),
        ("it hurts", "I am calling about a sore knee.", True),
    ],
)
def test_a_meaning_may_not_add_digits(text: str, meaning: str, good: bool) -> None:
    assert usable(text, meaning) is good


@pytest.mark.parametrize(
    ("stage", "text", "asks"),
    [
        (Stage.SLOT, SAID, True),
        (Stage.OFFER, "whichever is earlier", True),
        (Stage.CONSENT, SAID, False),
        (Stage.FINDING, SAID, False),
        (Stage.SLOT, "Yes.", False),
        (Stage.SLOT, "Can I talk to a person?", False),
        (Stage.SLOT, "What are your hours?", False),
    ],
)
def test_only_answers_that_may_be_put_into_other_words_are(stage: Stage, text: str, asks: bool) -> None:
    assert may_interpret(INTERPRETED, DialogueState("call-1", stage=stage), Utterance(text)) is asks


@pytest.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server(answer='{"meaning": "My name is Peter Hall."}') as running:
        yield running


@pytest.fixture
async def remote(server: ChatServer) -> AsyncIterator[Interpreter]:
    chosen = chosen_interpreter(Settings(chat_url=server.url, chat_model="small"))
    assert chosen is not None
    yield chosen
    await chosen.stop()


async def test_a_chat_service_is_asked_with_question_and_words(server: ChatServer, remote: Interpreter) -> None:
    name, _ = await answer(remote)
    assert name == "Peter Hall"
    [asked] = server.requests
    assert asked["model"] == "small"
    assert asked["messages"][1]["content"] == f"Question: What's your name?\nCaller: {SAID}"
    assert asked["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(("status", "words"), [(500, ""), (200, "no JSON"), (200, '{"other": 1}')])
async def test_a_chat_service_without_a_usable_answer_is_away(
    server: ChatServer, remote: Interpreter, status: int, words: str
) -> None:
    server.status, server.answer = status, words
    with pytest.raises(UnavailableError):
        await remote.interpret("What's your name?", SAID)


def test_without_a_chat_model_nobody_interprets() -> None:
    assert chosen_interpreter(Settings()) is None
