"""What AWS KMS answers when it does not do what was asked, as the engine's own errors."""

import contextlib
from collections.abc import Iterator

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from cordboard.core.errors import CordboardError, InternalError, UnavailableError

# Asking again is right.
_AWAY = {
    "ThrottlingException": "KMS_THROTTLED",
    "Throttling": "KMS_THROTTLED",
    "RequestLimitExceeded": "KMS_THROTTLED",
    "TooManyRequestsException": "KMS_THROTTLED",
    "KMSInternalException": "KMS_AWAY",
    "DependencyTimeoutException": "KMS_AWAY",
    "KeyUnavailableException": "KMS_AWAY",
    "ServiceUnavailableException": "KMS_AWAY",
    "InternalFailure": "KMS_AWAY",
    "RequestTimeout": "KMS_AWAY",
}

# Somebody has to mend it first. None of them says that a call's key is gone: the reasons tell apart what is.
_BROKEN = {
    "AccessDeniedException": "KMS_DENIED",
    "UnrecognizedClientException": "KMS_DENIED",
    "InvalidClientTokenId": "KMS_DENIED",
    "InvalidSignatureException": "KMS_DENIED",
    "IncompleteSignatureException": "KMS_DENIED",
    "MissingAuthenticationTokenException": "KMS_DENIED",
    "ExpiredTokenException": "KMS_DENIED",
    "DisabledException": "KEK_DISABLED",
    "KMSInvalidStateException": "KEK_UNUSABLE",
    "NotFoundException": "KEK_MISSING",
    "InvalidCiphertextException": "KEY_DAMAGED",
    "IncorrectKeyException": "KEY_DAMAGED",
    "LimitExceededException": "KMS_LIMIT",
}


@contextlib.contextmanager
def kms_errors(operation: str) -> Iterator[None]:
    """Turn what the client raises inside the block into CordboardErrors; the server's own words are left out."""
    try:
        yield
    except ClientError as error:
        raise _translate(error, operation) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise InternalError("KMS_DENIED", "there are no credentials for KMS", operation=operation) from error
    except (HTTPClientError, BotoConnectionError, OSError, TimeoutError) as error:
        raise UnavailableError("KMS_AWAY", "KMS cannot be reached", operation=operation) from error
    except BotoCoreError as error:
        raise InternalError("KMS_FAILED", "the client of KMS failed", operation=operation) from error


def code_of(error: ClientError) -> str:
    """Give the code of an error answer; the service may put its namespace in front."""
    return error.response.get("Error", {}).get("Code", "").rpartition("#")[2]


def _translate(error: ClientError, operation: str) -> CordboardError:
    code = code_of(error)
    if code in _AWAY:
        return UnavailableError(_AWAY[code], "KMS cannot serve now", operation=operation, code=code)
    if code in _BROKEN:
        return InternalError(_BROKEN[code], "KMS refuses", operation=operation, code=code)
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500:
        return UnavailableError("KMS_AWAY", "KMS cannot serve now", operation=operation, code=code)
    return InternalError("KMS_FAILED", "KMS refuses", operation=operation, code=code)
