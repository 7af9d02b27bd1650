"""How well redaction does on labelled sentences, and that the sentences are what they claim."""

import json
from collections import Counter
from pathlib import Path

import pytest

from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.redaction.evaluation import evaluate, kind_name, read_sentences
from cordboard.core.errors import InvalidError
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

SETS = Path(__file__).parent / "eval"
RECALL, PRECISION = 0.95, 0.90


def test_the_union_keeps_its_figures_on_the_sentences_that_it_was_written_with(whole: RedactionEngine) -> None:
    result = evaluate(whole, read_sentences(SETS / "seen")[::3])
    assert result.total.recall >= RECALL, result.missed
    assert result.total.precision >= PRECISION, result.needless


def test_our_rules_alone_keep_their_figures(rules: RedactionEngine) -> None:
    result = evaluate(rules, read_sentences(SETS / "seen"))
    assert result.total.recall >= RECALL, result.missed
    assert result.total.precision >= PRECISION, result.needless


def test_each_half_has_every_kind_that_speech_can_carry_and_clean_sentences() -> None:
    for half in ("seen", "held_out"):
        sentences = read_sentences(SETS / half)
        labelled = Counter(kind_name(span.identifier) for sentence in sentences for span in sentence.spans)
        assert {kind_name(kind) for kind in Identifier.values() if kind} == labelled.keys()
        assert sum(1 for sentence in sentences if sentence.spans) >= 150
        assert sum(1 for sentence in sentences if not sentence.spans) >= 70
        assert len(sentences) >= 300
        assert any(sentence.asked_for for sentence in sentences)


def test_no_sentence_stands_in_both_halves() -> None:
    seen, held_out = ({one.text for one in read_sentences(SETS / half) if one.spans} for half in ("seen", "held_out"))
    assert not seen & held_out


def test_a_label_counts_only_when_it_is_covered_whole(tmp_path: Path, rules: RedactionEngine) -> None:
    spans = [{"start": 0, "end": 20, "identifier": "NAME"}]
    line = json.dumps({"text": "the maria lopez show", "spans": spans})
    (tmp_path / "one.jsonl").write_text(line + "\n" + json.dumps({"text": "it is fine", "spans": []}) + "\n")
    result = evaluate(rules, read_sentences(tmp_path))
    assert (result.total.labelled, result.total.found, result.clean, result.clean_hit) == (1, 0, 1, 0)
    assert [mistake.stretch for mistake in result.missed] == ["the maria lopez show"]
    assert result.total.precision == 1.0


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": 3}',
        '{"text": "a", "spans": [{"start": 0, "end": 5, "identifier": "NAME"}]}',
        '{"text": "a", "spans": [{"start": 0, "end": 1, "identifier": "NONSENSE"}]}',
    ],
)
def test_a_line_that_is_no_sentence_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(InvalidError, match="line 2"):
        read_sentences(tmp_path)


def test_a_folder_without_sentences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError):
        read_sentences(tmp_path / "nowhere")


def test_the_kinds_asked_for_are_read(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"text": "may fourth", "asked_for": ["DATE"]}\n')
    assert read_sentences(tmp_path)[0].asked_for == (kinds.IDENTIFIER_DATE,)
