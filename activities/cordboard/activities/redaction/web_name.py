"""Names of hosts on the web, as they are said: `lakeside clinic dot com`."""

from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words

TOP_LEVEL = words(
    """
    com org net edu gov io co us uk ca info biz me app dev care clinic health tv ai mil int eu de online site xyz med
    dental doctor page ly
    """
)
PROVIDERS = words(
    """
    gmail yahoo hotmail outlook icloud aol comcast verizon protonmail proton msn live ymail att sbcglobal bellsouth
    cox charter mac rocketmail googlemail earthlink juno zoho fastmail gmx
    """
)
DOTS = frozenset({"dot", ".", "period", "point"})
_LONGEST = 8


def top_level_end(passage: Passage, index: int) -> int | None:
    """Give the last token of a domain's ending at a place, also a spelled one: `e d u`."""
    if passage.low(index) in TOP_LEVEL:
        return index
    spelled = "".join(passage.low(index + offset) for offset in range(3))
    letters = all(len(passage.low(index + offset)) == 1 for offset in range(3))
    return index + 2 if letters and spelled in TOP_LEVEL else None


def domain_end(passage: Passage, index: int, *, provider_alone: bool = False) -> int | None:
    """Give the last token of a domain that begins at a place, or nothing where none does.

    With `provider_alone` a well-known mail provider is one without its ending, as in `at gmail`.
    """
    last: int | None = None
    for place in range(index, min(index + _LONGEST, len(passage))):
        token = passage.tokens[place]
        if token.kind == "tag" or (token.kind == "mark" and token.low not in {".", "-"}):
            break
        ending = top_level_end(passage, place) if passage.low(place - 1) in DOTS and place > index + 1 else None
        if ending is not None:
            last = ending
        elif last is not None and place > last and token.low not in DOTS:
            break
    if last is not None:
        return last
    if provider_alone and passage.low(index) in PROVIDERS:
        return index + 1 if passage.low(index + 1) in TOP_LEVEL - {"us", "me", "co", "care", "health"} else index
    return None
