"""The errors that cross a seam of the engine.

    CordboardError
     +- InvalidError          the request itself is wrong; repeating it is useless
     +- UnauthenticatedError  nobody knows who asks
     +- ForbiddenError        it is known who asks, and they may not
     +- NotFoundError         the thing is not there
     +- ConflictError         it clashes with what is on record
     +- WrongStateError       the thing is there, but not in a state that allows it
     +- ExhaustedError        a limit is reached; later may be better
     +- UnavailableError      a part is away; repeating is right
     +- UnimplementedError    this build cannot do it
     +- InternalError         a bug or damaged data

The class says what kind of trouble it is and whether repeating helps; `reason` is the stable code that
callers may branch on; `fields` are ids for people. None of them ever holds what a caller said.
"""

from typing import ClassVar


class CordboardError(Exception):
    """Root of every error that crosses a seam."""

    retryable: ClassVar[bool] = False

    def __init__(self, reason: str, message: str, /, **fields: str) -> None:
        """Make an error with a stable reason (UPPER_SNAKE), a sentence without PHI, and ids."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        ids = " ".join(f"{key}={value}" for key, value in sorted(self.fields.items()))
        return f"{self.reason}: {self.message}" + (f" ({ids})" if ids else "")


class InvalidError(CordboardError):
    """Raised when the request itself is wrong."""


class UnauthenticatedError(CordboardError):
    """Raised when there is no valid proof of who asks."""


class ForbiddenError(CordboardError):
    """Raised when the asker may not do this."""


class NotFoundError(CordboardError):
    """Raised when the thing asked for is not there."""


class ConflictError(CordboardError):
    """Raised when the request clashes with what is on record."""


class WrongStateError(CordboardError):
    """Raised when the thing is not in a state that allows the request."""


class ExhaustedError(CordboardError):
    """Raised when a limit is reached."""

    retryable = True


class UnavailableError(CordboardError):
    """Raised when a part of the engine is away."""

    retryable = True


class UnimplementedError(CordboardError):
    """Raised when this build cannot do what is asked."""


class InternalError(CordboardError):
    """Raised on a bug or damaged data."""
