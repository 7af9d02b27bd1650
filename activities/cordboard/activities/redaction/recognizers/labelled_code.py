"""Numbers and codes with a word that says what they are."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cordboard.activities.redaction.code_runs import CodeRun, code_runs
from cordboard.activities.redaction.finding import LABELLED, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.number_labels import Label, ends_between, labels
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.quantity import is_quantity, is_time_of_day
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

# How many tokens may stand between a label and its number: `my number, the one at the office, is ...`.
REACH_BEFORE, REACH_AFTER = 9, 6
_GOING_ON = words("or and then no sorry wait i mean extension actually also plus correction")
_EXTENSIONS = frozenset({"extension", "ext", "x"})
_VAGUE = {kinds.IDENTIFIER_OTHER, kinds.IDENTIFIER_UNSPECIFIED}


class LabelledCode:
    """Finds runs of digits and letters near a label, of every kind that a label can announce."""

    name = "labelled_code"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each run that a label before it, or a label right after it, explains."""
        runs = [run for run in code_runs(passage) if len(run.value) >= 3]
        known = _specific(list(labels(passage)))
        for place, run in enumerate(runs):
            label = _label_of(passage, run, runs[:place], known)
            if label is None or label.identifier == kinds.IDENTIFIER_UNSPECIFIED:
                continue
            if _is_long_enough(passage, run, label.identifier):
                weight = SHAPED if label.identifier == kinds.IDENTIFIER_OTHER else LABELLED
                yield tokens_finding(passage, run.first, run.last, _kind(run, label.identifier), self.name, weight)
        for before, after in pairwise(code_runs(passage)):
            if before.digits >= 7 and passage.low(after.first - 1) in _EXTENSIONS and after.first - before.last <= 3:
                yield tokens_finding(passage, before.first, after.last, kinds.IDENTIFIER_PHONE, self.name, SHAPED)


def _specific(found: Sequence[Label]) -> list[Label]:
    """Leave out vague labels that overlap a telling one: `member number is` is about the member number."""
    return [
        label
        for label in found
        if label.identifier not in _VAGUE
        or not any(
            other.identifier not in _VAGUE and other.first <= label.last and label.first <= other.last
            for other in found
        )
    ]


def _label_of(passage: Passage, run: CodeRun, before: Sequence[CodeRun], known: Sequence[Label]) -> Label | None:
    behind = [
        label
        for label in known
        if run.first - REACH_BEFORE <= label.last < run.first
        and not ends_between(passage, label.last + 1, run.first)
        and not _is_used_up(passage, label, before, run)
    ]
    if behind:
        return max(behind, key=lambda label: (label.last, label.length))
    ahead = [
        label
        for label in known
        if run.last < label.first <= run.last + REACH_AFTER
        and {"is", "was", "that's", "it's", "for"} & {passage.low(i) for i in range(run.last + 1, label.first)}
        and not ends_between(passage, run.last + 1, label.first)
    ]
    return min(ahead, key=lambda label: label.first) if ahead else None


def _is_used_up(passage: Passage, label: Label, before: Sequence[CodeRun], run: CodeRun) -> bool:
    """Tell whether another run between took the label, unless the speaker goes on or corrects themselves."""
    between = [other for other in before if other.first > label.last]
    if not between:
        return False
    joining = {passage.low(index) for index in range(between[-1].last + 1, run.first)}
    return not joining & _GOING_ON and run.first - between[-1].last > 2


def _is_long_enough(passage: Passage, run: CodeRun, identifier: Identifier.ValueType) -> bool:
    if is_quantity(passage, run) and run.digits < 7:
        return False
    if identifier in {kinds.IDENTIFIER_PHONE, kinds.IDENTIFIER_FAX}:
        if is_time_of_day(passage, run):
            return False
        return run.digits >= 7 or (run.digits >= 4 and run.one_by_one) or _is_written(run, 4)
    if identifier == kinds.IDENTIFIER_LOCATION:
        return run.digits >= 5 and run.letters == 0
    if identifier in {kinds.IDENTIFIER_SSN, kinds.IDENTIFIER_ACCOUNT}:
        return run.digits >= 3
    if run.letters == 0 and not run.one_by_one and run.digits <= 4:
        return _is_written(run, 4) or run.digits == 4
    return run.digits >= 2 or run.letters >= 4


def _is_written(run: CodeRun, least: int) -> bool:
    return run.digits >= least and all(atom.style == "written" for atom in run.atoms)


def _kind(run: CodeRun, identifier: Identifier.ValueType) -> Identifier.ValueType:
    """Read a number of a telephone's length as one where the label tells little."""
    if identifier == kinds.IDENTIFIER_OTHER and run.letters == 0 and run.digits == 10:
        return kinds.IDENTIFIER_PHONE
    return identifier
