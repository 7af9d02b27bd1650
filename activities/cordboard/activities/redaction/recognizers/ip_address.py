"""Addresses of machines on the internet, written and spoken."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.finding import LABELLED, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_V4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_V6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})*(?:::)?(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:)+(?::[0-9a-f]{1,4})+",
    re.I,
)
_SPOKEN_DOTS = frozenset({"dot", "point", "."})


class IpAddress:
    """Finds four numbers with dots between, and the written form of the longer addresses."""

    name = "ip_address"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each address."""
        for pattern in (_V4, _V6):
            for match in pattern.finditer(passage.text):
                if pattern is _V4 or match.group().count(":") >= 3:
                    yield Finding(match.start(), match.end(), kinds.IDENTIFIER_IP, self.name, LABELLED)
        for run in code_runs(passage):
            dots = sum(passage.low(index) in _SPOKEN_DOTS for index in range(run.first, run.last + 1))
            if dots == 3 and run.letters == 0 and 4 <= run.digits <= 12:
                yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_IP, self.name, SHAPED)
            colons = sum(passage.low(index) in {"colon", ":"} for index in range(run.first, run.last + 1))
            if colons >= 3 and run.digits:
                yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_IP, self.name, SHAPED)
