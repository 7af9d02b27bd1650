"""The check after the fact: does any value that was taken out still stand in what is published?"""

from collections.abc import Sequence

from cordboard.activities.redaction.echoes import echoes, known_values
from cordboard.activities.redaction.passage import Passage
from cordboard.wrap_up.v1.transcript_pb2 import Identifier


def surviving(texts: Sequence[str], taken_out: Sequence[tuple[Identifier.ValueType, str]]) -> int:
    """Count places of texts with tags where a value that was taken out stands, written or spoken.

    Values too short to identify by themselves (single ordinary words, numbers of fewer than four digits) do not count.
    """
    known = known_values(taken_out)
    return sum(
        1
        for text in texts
        for found in echoes(Passage(text), known)
        if not text[found.start : found.end].startswith("[")
    )
