"""Reads the body of an HTTP request that may be too big, too slow or of the wrong kind."""

import asyncio

from aiohttp import web

from cordboard.core.errors import InvalidError

SDP = "application/sdp"


def require_content_type(request: web.Request, wanted: str) -> None:
    """Raise InvalidError (CONTENT_TYPE_UNSUPPORTED, CONTENT_ENCODING_UNSUPPORTED) unless the body is plain `wanted`."""
    if "Content-Type" not in request.headers or request.content_type != wanted:
        raise InvalidError("CONTENT_TYPE_UNSUPPORTED", "the body has to be of another type", wanted=wanted)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InvalidError("CONTENT_ENCODING_UNSUPPORTED", "the body has to come uncompressed")


async def read_text(request: web.Request, *, limit: int, seconds: float) -> str:
    """Read a body of at most `limit` bytes that arrives within `seconds`.

    Raises InvalidError (BODY_TOO_LARGE, BODY_TIMEOUT, BODY_MALFORMED, BODY_NOT_UTF8).
    """
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise InvalidError("BODY_TIMEOUT", "the body did not arrive in time") from None
    except web.RequestPayloadError:
        raise InvalidError("BODY_MALFORMED", "the body breaks the rules of its transfer encoding") from None
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise InvalidError("BODY_NOT_UTF8", "the body is not UTF-8") from None


def _too_large(limit: int) -> InvalidError:
    return InvalidError("BODY_TOO_LARGE", "the body is too large", limit=str(limit))
