"""Names of hosts on the web, as they are said: `lakeside clinic dot com`."""

from cordboard.activities.redaction.passage import Passage

TOP_LEVEL = frozenset(
    """com org net edu gov io co us uk ca info biz me app dev care clinic health tv ai mil int eu de online site xyz
    med dental doctor page ly""".split()
)
PROVIDERS = frozenset(
    """gmail yahoo hotmail outlook icloud aol comcast verizon protonmail proton msn live ymail att sbcglobal bellsouth
    cox charter mac rocketmail googlemail earthlink juno zoho fastmail gmx""".split()
)
DOTS = frozenset({"dot", ".", "period", "point"})
_LONGEST = 6


def domain_end(passage: Passage, index: int, *, provider_alone: bool = False) -> int | None:
    """Give the last token of a domain that begins at a place, or nothing where none does.

    With `provider_alone` a well-known mail provider is one without its ending, as in `at gmail`.
    """
    last: int | None = None
    for place in range(index, min(index + _LONGEST, len(passage))):
        token = passage.tokens[place]
        if token.kind == "tag" or (token.kind == "mark" and token.low not in {".", "-"}):
            break
        if passage.low(place) in TOP_LEVEL and passage.low(place - 1) in DOTS and place > index + 1:
            last = place
        elif last is not None and token.low not in DOTS:
            break
    if last is not None:
        return last
    if provider_alone and passage.low(index) in PROVIDERS:
        return index + 1 if passage.low(index + 1) in TOP_LEVEL - {"us", "me", "co", "care", "health"} else index
    return None
