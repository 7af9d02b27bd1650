"""Findings of many recognisers made into spans."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cordboard.activities.redaction.finding import GUESSED, LABELLED, LIKELY, SHAPED, Finding
from cordboard.activities.redaction.union import union
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

TEXT = "maria lopez at [NAME-1] five five five oh one"


def test_findings_that_overlap_are_one_span_of_the_heavier_kind() -> None:
    found = [
        Finding(0, 11, kinds.IDENTIFIER_LOCATION, "presidio", GUESSED),
        Finding(6, 11, kinds.IDENTIFIER_NAME, "person_name", LABELLED),
    ]
    (span,) = union(TEXT, found)
    assert (span.start, span.end, span.identifier) == (0, 11, kinds.IDENTIFIER_NAME)
    assert span.recognizers == ("person_name", "presidio")


def test_of_equal_weight_the_longer_decides_then_the_one_that_says_more() -> None:
    longer = [Finding(0, 11, kinds.IDENTIFIER_PHONE, "a"), Finding(0, 5, kinds.IDENTIFIER_SSN, "b")]
    assert union(TEXT, longer)[0].identifier == kinds.IDENTIFIER_PHONE
    equal = [Finding(0, 5, kinds.IDENTIFIER_OTHER, "a"), Finding(0, 5, kinds.IDENTIFIER_SSN, "b")]
    assert union(TEXT, equal)[0].identifier == kinds.IDENTIFIER_SSN


def test_names_side_by_side_are_one_name_and_numbers_are_two() -> None:
    names = [Finding(0, 5, kinds.IDENTIFIER_NAME, "a"), Finding(6, 11, kinds.IDENTIFIER_NAME, "b")]
    assert [(span.start, span.end) for span in union(TEXT, names)] == [(0, 11)]
    numbers = [Finding(24, 28, kinds.IDENTIFIER_PHONE, "a"), Finding(29, 33, kinds.IDENTIFIER_PHONE, "b")]
    assert len(union(TEXT, numbers)) == 2


def test_a_tag_is_never_part_of_a_span() -> None:
    spans = union(TEXT, [Finding(0, len(TEXT), kinds.IDENTIFIER_NAME, "a")])
    assert [TEXT[span.start : span.end] for span in spans] == ["maria lopez at", "five five five oh one"]


findings = st.builds(
    lambda start, length, kind, weight: Finding(start, min(start + length, len(TEXT)), kind, "x", weight),
    st.integers(0, len(TEXT) - 1),
    st.integers(1, 20),
    st.sampled_from([kind for kind in Identifier.values() if kind]),
    st.sampled_from([GUESSED, LIKELY, SHAPED, LABELLED]),
)


@given(st.lists(findings))
def test_spans_lie_in_the_text_in_order_and_never_overlap(found: list[Finding]) -> None:
    spans = union(TEXT, found)
    assert all(0 <= span.start < span.end <= len(TEXT) for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    covered = {place for span in spans for place in range(span.start, span.end)}
    tag = range(TEXT.index("["), TEXT.index("]") + 1)
    wanted = {p for one in found for p in range(one.start, one.end) if TEXT[p].isalnum() and p not in tag}
    assert wanted <= covered
    assert not covered & set(tag)
