"""What a caller meant, in plain words."""

from collections.abc import Mapping
from typing import Protocol


class Interpreter(Protocol):
    """Understands one answer to one question."""

    async def interpret(self, question: str, text: str) -> str:
        """Say in plain sentences what the caller meant by `text` after `question`. Raises UnavailableError."""
        ...


class ScriptedInterpreter:
    """The in-memory twin: knows the meaning of some texts, and takes all others as they are."""

    def __init__(self, meanings: Mapping[str, str]) -> None:
        """Take meanings by text."""
        self._meanings = dict(meanings)
        self.asked: list[tuple[str, str]] = []

    async def interpret(self, question: str, text: str) -> str:
        """Give the meaning that was set."""
        self.asked.append((question, text))
        return self._meanings.get(text, text)
