"""Errors of the HTTP door as problem documents (RFC 9457), each with the stable `reason`."""

from http import HTTPStatus

from aiohttp import web

from cordboard.core.errors import CordboardError
from cordboard.runtime.error_table import row_of

CONTENT_TYPE = "application/problem+json"

FIXED_HEADERS = {"Server": "cordboard", "X-Content-Type-Options": "nosniff"}
"""Headers of every response: as little as possible about what serves it."""

# Failures that HTTP has a status of its own for; all others get the status of their category.
_STATUS = {
    "METHOD_NOT_ALLOWED": HTTPStatus.METHOD_NOT_ALLOWED,
    "BODY_TIMEOUT": HTTPStatus.REQUEST_TIMEOUT,
    "BODY_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "CONTENT_TYPE_UNSUPPORTED": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "CONTENT_ENCODING_UNSUPPORTED": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "UPGRADE_REQUIRED": HTTPStatus.UPGRADE_REQUIRED,
    "HEADERS_TOO_LARGE": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
}


def problem(error: CordboardError, headers: dict[str, str] | None = None) -> web.Response:
    """Make the response of an error. Its ids stand beside the members that RFC 9457 names."""
    status = HTTPStatus(_STATUS.get(error.reason, row_of(error).http_status))
    document = {
        **error.fields,
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": error.message,
        "reason": error.reason,
    }
    response = web.json_response(document, status=status, content_type=CONTENT_TYPE, headers=headers)
    response.headers.update(FIXED_HEADERS)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = _challenge(error.reason)
    if error.retryable:
        response.headers.setdefault("Retry-After", "1")
    return response


def _challenge(reason: str) -> str:
    """The challenge of RFC 6750: bare when no token was shown, with its error code when a bad one was."""
    return "Bearer" if reason == "TOKEN_MISSING" else 'Bearer error="invalid_token"'
