"""What was heard of a reply, clause by clause."""

from hypothesis import given
from hypothesis import strategies as st

from cordboard.voice_agent.heard_ledger import CUT, Heard, SpokenClause, heard_of

CLAUSES = (SpokenClause("I have Tuesday at ten.", 2_000_000), SpokenClause("Which is better?", 1_000_000))


def test_what_was_sent_to_its_end_was_heard() -> None:
    assert heard_of(CLAUSES, 3_000_000) == Heard("I have Tuesday at ten. Which is better?", ())


def test_a_clause_that_lacks_only_its_fading_was_heard() -> None:
    assert heard_of(CLAUSES, 2_850_000).rest == ()
    assert heard_of(CLAUSES, 2_750_000).rest == ("Which is better?",)


def test_of_a_cut_clause_the_words_that_fit_are_kept_and_marked() -> None:
    assert heard_of(CLAUSES, 1_000_000) == Heard(f"I have{CUT}", ("I have Tuesday at ten.", "Which is better?"))


def test_nothing_sent_is_nothing_heard() -> None:
    heard = heard_of(CLAUSES, 0, ("Later.",))
    assert heard == Heard("", ("I have Tuesday at ten.", "Which is better?", "Later."))
    assert heard.interrupted


def test_what_had_not_been_synthesised_was_not_heard() -> None:
    assert heard_of(CLAUSES, 3_000_000, ("And more.",)).rest == ("And more.",)


@given(st.integers(0, 4_000_000))
def test_more_sent_is_never_less_heard(sent_us: int) -> None:
    less, more = heard_of(CLAUSES, sent_us), heard_of(CLAUSES, sent_us + 50_000)
    assert len(more.rest) <= len(less.rest)
    assert len(more.text.removesuffix(CUT)) >= len(less.text.removesuffix(CUT))
