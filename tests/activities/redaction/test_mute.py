"""Times that are silenced, and the silencing."""

from array import array
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cordboard.activities.redaction.mute import merged, mute_pcm, mute_range, mute_ranges
from cordboard.wrap_up.v1.transcript_pb2 import RedactedSpan, RedactionRecord, Utterance, Word


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


def test_the_ranges_of_a_leg_are_its_own_merged_and_in_order() -> None:
    times = [("a", 900, 1200), ("b", 0, 50), ("a", 100, 300), ("a", 250, 400), ("a", 500, 500)]
    record = RedactionRecord(
        spans=[RedactedSpan(leg_id=leg, mute_started_us=first, mute_ended_us=last) for leg, first, last in times]
    )
    assert mute_ranges(record, "a") == [(100, 400), (900, 1200)]
    assert mute_ranges(record, "c") == []


def test_samples_in_a_range_are_silent_and_no_others() -> None:
    loud = array("h", [1000] * 160).tobytes()
    quiet = array(
        "h", mute_pcm(loud, [(1_000_000 + 5_000, 1_000_000 + 10_000)], sample_rate=8000, started_us=1_000_000)
    )
    assert list(quiet) == [1000] * 40 + [0] * 40 + [1000] * 80


def test_of_two_channels_one_is_silenced() -> None:
    loud = array("h", [7, 9] * 80).tobytes()
    quiet = array("h", mute_pcm(loud, [(0, 10_000)], sample_rate=8000, channels=2, channel=1))
    assert set(quiet[0::2]) == {7}
    assert set(quiet[1::2]) == {0}


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda pair: (min(pair), max(pair)))))
def test_merged_ranges_cover_the_same_and_do_not_touch(ranges: list[tuple[int, int]]) -> None:
    made = merged(ranges)
    assert all(before[1] < after[0] for before, after in pairwise(made))
    assert all(any(first <= start and end <= last for first, last in made) for start, end in ranges)
