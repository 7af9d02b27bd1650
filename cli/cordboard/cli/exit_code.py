"""What the command's exit code says.

0 done                 4 not found                     8 this build cannot do it
1 failed, or unhealthy 5 clashes with what is there    9 a limit is reached
2 wrong usage or input 6 not in a state for it       130 interrupted
3 not allowed          7 a part is away
"""

from cordboard.core.errors import (
    ConflictError,
    CordboardError,
    ExhaustedError,
    ForbiddenError,
    InternalError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    WrongStateError,
)

CODES: dict[type[CordboardError], int] = {
    InternalError: 1,
    InvalidError: 2,
    UnauthenticatedError: 3,
    ForbiddenError: 3,
    NotFoundError: 4,
    ConflictError: 5,
    WrongStateError: 6,
    UnavailableError: 7,
    UnimplementedError: 8,
    ExhaustedError: 9,
}


def exit_code(error: CordboardError) -> int:
    """Give the exit code of an error."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return 1
