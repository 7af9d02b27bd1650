"""The engine's errors as Temporal failures, and back."""

from temporalio.exceptions import ApplicationError, FailureError

from cordboard.core import errors
from cordboard.core.errors import CordboardError, InternalError

_CATEGORIES: dict[str, type[CordboardError]] = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CordboardError)
}


NOT_REGISTERED = "NotFoundError"
"""Type of the failure by which a worker says that it has no such activity."""


def to_failure(error: CordboardError) -> ApplicationError:
    """Make the failure of an error: its type is the stable reason, and only a retryable error may be tried again."""
    return ApplicationError(
        error.message,
        type(error).__name__,
        dict(error.fields),
        type=error.reason,
        non_retryable=not error.retryable,
    )


def may_pass(failure: BaseException) -> bool:
    """Tell whether an activity whose time ran out may succeed with more of it; one that no worker has never does."""
    while isinstance(failure, FailureError) and not isinstance(failure, ApplicationError):
        if failure.cause is None:
            return True
        failure = failure.cause
    return not isinstance(failure, ApplicationError) or not (failure.non_retryable or failure.type == NOT_REGISTERED)


def from_failure(failure: BaseException | None) -> CordboardError:
    """Rebuild the error that a failed update, activity or workflow was raised with.

    Wrappers are looked through; a failure that no part of the engine raised becomes InternalError(INTERNAL).
    """
    while isinstance(failure, FailureError) and not isinstance(failure, ApplicationError):
        failure = failure.cause
    if not isinstance(failure, ApplicationError) or not failure.type or not failure.details:
        return InternalError("INTERNAL", "the engine failed; its log has the details")
    category, *rest = failure.details
    fields = rest[0] if rest and isinstance(rest[0], dict) else {}
    kind = _CATEGORIES.get(str(category), InternalError)
    return kind(failure.type, failure.message, **{str(key): str(value) for key, value in fields.items()})
