"""What the calls of a load are made of."""

from enum import StrEnum


class Kind(StrEnum):
    """What the calls are made of."""

    AI = "ai"
    BRIDGED = "bridged"
