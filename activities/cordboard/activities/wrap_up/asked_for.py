"""Which kinds of identifiers a question asks for: whatever is answered then is one, however it is said."""

import re
from typing import Final

from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

_QUESTIONS: Final[tuple[tuple[str, Identifier.ValueType], ...]] = (
    (r"\b(your|the|full|first|last|patient'?s?|caller'?s?) name\b|\bwho am i (speaking|talking)",
     kinds.IDENTIFIER_NAME),
    (r"\bspell\b", kinds.IDENTIFIER_NAME),
    (r"\b(phone|telephone|callback|call back|cell|mobile|contact) number\b", kinds.IDENTIFIER_PHONE),
    (r"\bnumber\b[^?.]*\b(reach|call) you\b|\b(reach|call) you\b[^?.]*\bnumber\b", kinds.IDENTIFIER_PHONE),
    (r"\bfax\b", kinds.IDENTIFIER_FAX),
    (r"\bdate of birth\b|\bbirth ?(date|day)\b|\bborn\b|\bhow old\b|\byour age\b", kinds.IDENTIFIER_DATE),
    (r"\be-?mail\b", kinds.IDENTIFIER_EMAIL),
    (r"\b(street|home|mailing|postal|your) address\b|\bzip\b|\bwhere do you live\b|\bwhich (city|town)\b",
     kinds.IDENTIFIER_LOCATION),
    (r"\bsocial security\b|\bs\.?s\.?n\b", kinds.IDENTIFIER_SSN),
    (r"\b(medical|patient|chart) (record )?(number|id)\b|\bm\.?r\.?n\b", kinds.IDENTIFIER_RECORD),
    (r"\b(insurance|member|plan|policy|group)\b[^?.]*\b(number|id|card)\b", kinds.IDENTIFIER_PLAN),
    (r"\baccount\b[^?.]*\bnumber\b|\bcard number\b", kinds.IDENTIFIER_ACCOUNT),
    (r"\blicen[cs]e\b", kinds.IDENTIFIER_LICENCE),
    (r"\bplate\b|\bvehicle\b", kinds.IDENTIFIER_VEHICLE),
    (r"\bserial\b", kinds.IDENTIFIER_DEVICE),
)  # fmt: skip

_PATTERNS: Final = tuple((re.compile(pattern), identifier) for pattern, identifier in _QUESTIONS)
_ASKING: Final = re.compile(
    r"\?|\b(what|which|who|when|where|how|may i|can i|could i|could you|can you|please|tell me)\b"
)


def asked_for(question: str) -> list[Identifier.ValueType]:
    """Give the kinds that a question asks for, in the order of the identifiers; nothing for what asks for none.

    Only its last two sentences count: before them it may repeat what was said.
    """
    sentences = [one for one in re.split(r"(?<=[.?!])\s+", question.lower().strip()) if one]
    asking = " ".join(sentences[-2:])
    if not _ASKING.search(asking):
        return []
    return sorted({identifier for pattern, identifier in _PATTERNS if pattern.search(asking)})
