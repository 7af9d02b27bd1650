"""E-mail addresses, written and spoken: `j dot smith at gmail dot com`."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import atom_at
from cordboard.activities.redaction.finding import LABELLED, Finding, tokens_finding
from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.activities.redaction.web_name import domain_end
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_WRITTEN = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_GLUE = words("dot underscore dash hyphen period point plus . _ - +")
# Where the local part cannot reach: words that introduce an address.
_BEFORE = words(
    """
    is it's its it my our your his her their the a an email e-mail mail address at to me on in that's thats this that
    yes yeah yep sure ok okay um uh er so send use reach write contact by via and with for or mailed emailed emailing
    called goes was be would i i'm you can please well new old personal work right , : ; ? ! try no not actually from
    still just like under spelled sorry
    """
)
# Words that may begin a local part, where an introduction or nothing stands before them.
_INSIDE = words("the my a our i your no not new old with and for me this that call just")
_INTRODUCING = words("is it's its email e-mail address : that's yeah yes um uh , to at")
_LONGEST = 14


class EmailAddress:
    """Finds e-mail addresses as they are written and as they are said, spelled parts included."""

    name = "email_address"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each address from the first word of its local part to its domain's end."""
        for match in _WRITTEN.finditer(passage.text):
            yield Finding(match.start(), match.end(), kinds.IDENTIFIER_EMAIL, self.name, LABELLED)
        for index in range(1, len(passage)):
            if passage.low(index) not in {"at", "@"}:
                continue
            last = domain_end(passage, index + 1, provider_alone=True)
            first = _local_part(passage, index)
            if last is not None and first < index:
                yield tokens_finding(passage, first, last, kinds.IDENTIFIER_EMAIL, self.name, LABELLED)


def _local_part(passage: Passage, at: int) -> int:
    """Give the first token of what stands before `at`, or `at` itself when that is nothing."""
    first = at
    while first > 0 and at - first < _LONGEST:
        behind = passage.tokens[first - 1]
        glued = bool({passage.low(first - 2), behind.low, passage.low(first)} & _GLUE)
        if behind.kind == "tag" or (behind.low in ENDS and not glued):
            break
        spelled = len(behind.low) == 1 and len(passage.low(first - 2)) == 1 and passage.is_word(first - 2)
        if behind.low in _BEFORE and not spelled and not (glued and behind.low not in {",", ":"}):
            break
        first -= 1
    if passage.low(first - 1) in _INSIDE and (first == 1 or passage.low(first - 2) in _INTRODUCING) and first < at:
        first -= 1
    while first < at and passage.low(first) in _GLUE:
        first += 1
    # `a` may be the address's first letter: `a dot jones at ...` is glued, `a lopez at ...` is not.
    return first if first < at or atom_at(passage, first) is None else at
