"""Numbers and codes that nothing explains, too long to be a quantity."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import CodeRun, code_runs
from cordboard.activities.redaction.finding import GUESSED, LIKELY, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.quantity import is_quantity, is_time_of_day
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

_SSN = re.compile(r"(?<!\d)\d{3}[- ]\d{2}[- ]\d{4}(?!\d)")
# Vertebrae, vaccines and the like, which have the look of codes.
_CARE_CODE = re.compile(r"(?:[clts]\d{1,2}){1,3}|h\dn\d|a1c|[bkd]\d{1,2}|t[34]|covid\d+|n95|co2|h2o|q\d+h|p\d+|o2")


class BareNumber:
    """Finds long runs of digits, digits said one by one, and mixtures of digits and letters."""

    name = "bare_number"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each run whose length or look no quantity has."""
        for run in code_runs(passage):
            kind = _kind(passage, run)
            if kind is not None:
                weight = SHAPED if kind != kinds.IDENTIFIER_OTHER else GUESSED
                yield tokens_finding(passage, run.first, run.last, kind, self.name, weight)
        for match in _SSN.finditer(passage.text):
            yield Finding(match.start(), match.end(), kinds.IDENTIFIER_SSN, self.name, LIKELY)


def _kind(passage: Passage, run: CodeRun) -> Identifier.ValueType | None:
    if run.separators & {":", "/"} or (run.dotted and not _is_dotted_phone(run)):
        return None
    if run.letters == 0:
        return _kind_of_digits(passage, run)
    if _CARE_CODE.fullmatch(run.value) or is_quantity(passage, run):
        return None
    mixed = run.digits >= 2 and len(run.value) >= 4
    return kinds.IDENTIFIER_OTHER if mixed else None


def _kind_of_digits(passage: Passage, run: CodeRun) -> Identifier.ValueType | None:
    if run.digits >= 13:
        return kinds.IDENTIFIER_ACCOUNT
    if run.digits >= 7:
        phone = run.digits in {7, 10} or (run.digits == 11 and run.value[0] == "1")
        return kinds.IDENTIFIER_PHONE if phone else kinds.IDENTIFIER_OTHER
    if is_quantity(passage, run) or is_time_of_day(passage, run):
        return None
    if run.one_by_one and run.digits >= 4 and not _is_counting(run.value):
        return kinds.IDENTIFIER_OTHER
    written = all(atom.style == "written" for atom in run.atoms)
    return kinds.IDENTIFIER_OTHER if written and len(run.atoms) == 1 and run.digits >= 5 else None


def _is_dotted_phone(run: CodeRun) -> bool:
    written = all(atom.style == "written" for atom in run.atoms)
    spaced = "." in run.separators and run.one_by_one
    return spaced or (written and [len(atom.value) for atom in run.atoms] == [3, 3, 4])


def _is_counting(digits: str) -> bool:
    return len(digits) <= 5 and digits in "12345678910"
