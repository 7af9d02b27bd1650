"""Times that are silenced."""

from cordboard.activities.redaction.mute import mute_range
from cordboard.wrap_up.v1.transcript_pb2 import Utterance, Word


def utterance(text: str, *, timed: bool = True) -> Utterance:
    """Half a second a word, from second 10 on."""
    words = [Word(text=word, started_us=10_000_000 + at * 500_000, ended_us=10_400_000 + at * 500_000)
             for at, word in enumerate(text.split())]  # fmt: skip
    ended = 10_000_000 + 500_000 * len(words)
    return Utterance(text=text, words=words if timed else [], started_us=10_000_000, ended_us=ended)


def test_a_span_is_muted_from_its_first_word_to_its_last_with_a_quarter_of_a_second_around() -> None:
    text = "yes this is maria lopez speaking"
    start = text.index("maria")
    assert mute_range(utterance(text), start, start + len("maria lopez")) == (11_250_000, 12_650_000)


def test_an_utterance_without_word_times_is_muted_whole() -> None:
    assert mute_range(utterance("this is maria", timed=False), 8, 13) == (9_750_000, 11_750_000)


def test_words_that_do_not_make_up_the_text_are_not_trusted() -> None:
    said = utterance("this is maria")
    said.text = "this is miss maria"
    assert mute_range(said, 8, 18) == (9_750_000, 11_750_000)


def test_an_utterance_without_any_time_gives_an_empty_range() -> None:
    assert mute_range(Utterance(text="maria"), 0, 5) == (0, 0)


def test_nothing_begins_before_the_call() -> None:
    said = Utterance(text="maria", words=[Word(text="maria", started_us=100_000, ended_us=300_000)], ended_us=300_000)
    assert mute_range(said, 0, 5) == (0, 550_000)
