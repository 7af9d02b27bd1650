"""Sets of words as they stand in code: one text, split at its spaces."""


def words(text: str) -> frozenset[str]:
    """Give the words of a text."""
    return frozenset(text.split())


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """Give phrases that bars part, each as its words."""
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))
