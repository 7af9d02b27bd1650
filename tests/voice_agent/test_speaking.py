"""The mouth: first clause early, pauses between clauses, nothing after a flush, fixed lines made once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from voice_agent_call import MemoryNode

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.engine_pool import Priority
from cordboard.voice_agent.engines.synthesizer import BYTES_PER_SECOND, ToneSynthesizer
from cordboard.voice_agent.phrase_cache import PhraseCache
from cordboard.voice_agent.speaking import PAUSE_AFTER_SENTENCE_MS, Play, Speaking


class SlowSynthesizer(ToneSynthesizer):
    """Makes a clause when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Semaphore(0)

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        await self.let.acquire()
        return await super().synthesize(text, priority)


class Mouth:
    def __init__(self, synthesizer: ToneSynthesizer) -> None:
        self.node = MemoryNode()
        self.notices: list[Play] = []
        self._ids = iter(range(100))
        self.speaking = Speaking(
            self.node,
            PhraseCache(synthesizer),
            clock_us=lambda: 42,
            new_id=lambda: f"play-{next(self._ids)}",
            notify=self.notices.append,
        )

    async def until_sent(self, pieces: int) -> None:
        async with asyncio.timeout(10):
            while len(self.node.sent) < pieces:
                await asyncio.sleep(0)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def slow() -> AsyncIterator[tuple[Mouth, SlowSynthesizer]]:
    synthesizer = SlowSynthesizer()
    mouth = Mouth(synthesizer)
    yield mouth, synthesizer
    await mouth.speaking.close()


async def test_the_first_clause_is_sent_before_the_second_is_made(slow: tuple[Mouth, SlowSynthesizer]) -> None:
    mouth, synthesizer = slow
    mouth.speaking.say(("Hi.", "Who is calling?"), "t1")
    synthesizer.let.release()
    await mouth.until_sent(1)

    assert synthesizer.spoken == ["Hi."]
    assert not mouth.node.sent[0].speech.last
    assert mouth.notices[0].first_sent_us == 42
    synthesizer.let.release()
    await mouth.until_sent(2)
    assert mouth.node.sent[-1].speech.turn_id == "t1"


async def test_a_sentence_is_followed_by_a_pause_that_counts_as_its_own(slow: tuple[Mouth, SlowSynthesizer]) -> None:
    mouth, synthesizer = slow
    play = mouth.speaking.say(("Hi.", "Bye."), "t1")
    synthesizer.let.release()
    synthesizer.let.release()
    await mouth.settle()

    tone_ms = len("Hi") * 50
    assert play.spoken[0].duration_us == (tone_ms + PAUSE_AFTER_SENTENCE_MS) * 1_000
    assert len(mouth.node.sent[0].speech.pcm) == (tone_ms + PAUSE_AFTER_SENTENCE_MS) * BYTES_PER_SECOND // 1000
    assert mouth.node.sent[-1].speech.last


async def test_nothing_follows_a_flush_not_even_what_the_engine_was_at_work_on(
    slow: tuple[Mouth, SlowSynthesizer],
) -> None:
    mouth, synthesizer = slow
    play = mouth.speaking.say(("Hi.", "Who is calling?"), "t1")
    synthesizer.let.release()
    await mouth.until_sent(1)
    assert await mouth.speaking.flush() == [play]
    synthesizer.let.release()
    await mouth.settle()

    assert [request.WhichOneof("message") for request in mouth.node.sent] == ["speech", "flush"]
    assert not mouth.speaking.is_active
    assert mouth.speaking.is_settled


async def test_what_is_said_after_a_flush_is_heard(slow: tuple[Mouth, SlowSynthesizer]) -> None:
    mouth, synthesizer = slow
    mouth.speaking.say(("Hi.",), "t1")
    await mouth.settle()
    await mouth.speaking.flush()
    second = mouth.speaking.say(("Yes.",), "t2")
    synthesizer.let.release()
    synthesizer.let.release()
    await mouth.until_sent(2)

    assert mouth.node.sent[-1].speech.play_id == second.play_id


async def test_fixed_lines_are_made_once_and_others_each_time() -> None:
    synthesizer = ToneSynthesizer()
    phrases = PhraseCache(synthesizer)
    await phrases.prepare(["Hi.", "Bye."])
    await phrases.prepare(["Hi."])
    phrases.keep(["One moment."])
    for text in ("Hi.", "One moment.", "One moment.", "Thanks, Ann.", "Thanks, Ann."):
        assert await phrases.speech(text)

    assert synthesizer.spoken == ["Hi.", "Bye.", "One moment.", "Thanks, Ann.", "Thanks, Ann."]


async def test_a_line_that_could_not_be_prepared_is_made_when_it_is_needed() -> None:
    class Flaky(ToneSynthesizer):
        async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
            if priority is Priority.AHEAD:
                raise UnavailableError("ENGINE_AWAY", "gone")
            return await super().synthesize(text, priority)

    phrases = PhraseCache(Flaky())
    await phrases.prepare(["Hi."])
    assert await phrases.speech("Hi.")
