"""What judges words, by rules here and by a language model that speaks the OpenAI chat interface."""

import json
from collections.abc import AsyncIterator

import pytest
from chat_server import ChatServer, chat_server, judged
from openai import AsyncOpenAI
from outcome_calls import talk_of

from cordboard.activities.outcome.analyst import Analyst
from cordboard.activities.outcome.intent_words import NAMES, intent_of
from cordboard.activities.outcome.local_analyst import LocalAnalyst
from cordboard.activities.outcome.openai_analyst import OpenAiAnalyst
from cordboard.activities.outcome.sentiment import mood_of, overall
from cordboard.call.v1 import outcome_pb2 as pb
from cordboard.core.errors import InvalidError, UnavailableError
from cordboard.wrap_up.v1.transcript_pb2 import SPEAKER_AI_AGENT, SPEAKER_CALLER, SPEAKER_HUMAN_AGENT

BOOKING = talk_of(
    (SPEAKER_AI_AGENT, "This is terrible, awful and horrible news."),
    (SPEAKER_CALLER, "Hi, this is [NAME-1], I would like to make an appointment."),
    (SPEAKER_HUMAN_AGENT, "Of course."),
    (SPEAKER_CALLER, "Great, thank you so much, that is wonderful!"),
)


CLIENTS: list[AsyncOpenAI] = []


@pytest.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server(answer=judged("book_appointment", (1, 0.1), (2, 0.0), (3, 0.9), (7, 1.0))) as running:
        yield running
        while CLIENTS:
            await CLIENTS.pop().close()


def model_at(server: ChatServer) -> OpenAiAnalyst:
    CLIENTS.append(AsyncOpenAI(base_url=server.url, api_key="key-of-the-test", max_retries=0))
    return OpenAiAnalyst(CLIENTS[-1], "small")


@pytest.fixture(params=["local", "openai"])
def analyst(request: pytest.FixtureRequest, server: ChatServer) -> Analyst:
    return LocalAnalyst() if request.param == "local" else model_at(server)


async def test_a_caller_who_wants_to_book_and_is_pleased_is_understood_so(analyst: Analyst) -> None:
    analysis = await analyst.analyse(BOOKING)
    assert analysis.intent.name == "book_appointment"
    assert 0 < analysis.intent.confidence <= 1
    assert analysis.sentiment.mood == pb.MOOD_POSITIVE


async def test_people_are_scored_and_the_ai_agent_is_not(analyst: Analyst) -> None:
    analysis = await analyst.analyse(BOOKING)
    assert [turn.utterance for turn in analysis.sentiment.turns] == [1, 2, 3]
    assert all(-1 <= turn.score <= 1 and turn.mood == mood_of(turn.score) for turn in analysis.sentiment.turns)


async def test_a_call_without_words_has_no_mood(analyst: Analyst, server: ChatServer) -> None:
    server.answer = judged("unknown")
    analysis = await analyst.analyse(talk_of())
    assert analysis.intent.name == "unknown"
    assert analysis.sentiment.mood == pb.MOOD_UNSPECIFIED


async def test_the_model_is_asked_in_a_schema_with_words_only(server: ChatServer) -> None:
    await model_at(server).analyse(BOOKING)
    [asked] = server.requests
    assert asked["model"] == "small"
    assert asked["response_format"]["type"] == "json_schema"
    assert asked["messages"][1]["content"].splitlines()[1] == (
        "1 caller: Hi, this is [NAME-1], I would like to make an appointment."
    )
    assert server.authorizations == ["Bearer key-of-the-test"]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_model_that_is_overrun_may_be_asked_again(server: ChatServer, status: int) -> None:
    server.status = status
    with pytest.raises(UnavailableError) as failed:
        await model_at(server).analyse(BOOKING)
    assert failed.value.reason == "ANALYST_AWAY"


async def test_a_model_that_is_not_there_may_be_asked_again() -> None:
    nobody = OpenAiAnalyst(AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0), "small")
    with pytest.raises(UnavailableError):
        await nobody.analyse(BOOKING)


@pytest.mark.parametrize(
    "answer",
    [
        "not json at all",
        json.dumps({"intent": "rob_a_bank", "confidence": 0.5, "turns": [], "summary": ""}),
        judged("question", (1, 7.0)),
    ],
)
async def test_an_answer_outside_the_schema_is_refused(server: ChatServer, answer: str) -> None:
    server.answer = answer
    with pytest.raises(InvalidError) as failed:
        await model_at(server).analyse(BOOKING)
    assert failed.value.reason == "ANALYST_UNUSABLE"


@pytest.mark.parametrize(("status", "refusal"), [(401, None), (200, "I will not.")])
async def test_a_model_that_refuses_is_not_asked_again(server: ChatServer, status: int, refusal: str | None) -> None:
    server.status, server.refusal = status, refusal
    with pytest.raises(InvalidError) as failed:
        await model_at(server).analyse(BOOKING)
    assert failed.value.reason == "ANALYST_UNUSABLE"


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("I need to cancel my appointment on Tuesday", "cancel"),
        ("Could I move my appointment to a different day", "reschedule"),
        ("I have chest pain and I can't breathe", "emergency"),
        ("I ran out of my pills and need a refill", "prescription"),
        ("Are my lab results back", "results"),
        ("I was charged twice on my bill", "billing"),
        ("We want to buy a house with three bedrooms", "buy"),
        ("Can I speak to a person please", "talk_to_person"),
        ("What time do you open", "question"),
        ("Sorry, wrong number", "wrong_number"),
        ("This is unacceptable, I want my money back", "complaint"),
        ("My throat hurts and I would like to see a doctor", "book_appointment"),
        ("Mm hm", "unknown"),
    ],
)
def test_phrases_name_intents(said: str, intent: str) -> None:
    assert intent_of([said]).name == intent
    assert intent in NAMES


def test_a_word_inside_another_word_names_nothing() -> None:
    assert intent_of(["the patient was impatient about a brentwood address book"]).name != "buy"


def test_how_a_call_ends_weighs_more_than_how_it_began() -> None:
    def scored(*scores: float) -> pb.Sentiment:
        return overall([pb.TurnSentiment(speaker=SPEAKER_CALLER, score=score) for score in scores])

    assert scored(-0.6, 0.0, 0.6).score > 0
    assert scored(0.6, 0.0, -0.6).score < 0
    assert scored(-0.9).mood == pb.MOOD_NEGATIVE
