"""What makes two requests the same: the digest of their arguments."""

import hashlib

from google.protobuf.message import Message

_DOMAIN = b"cordboard/request/1"
_ID = "request_id"


def args_digest(request: Message) -> bytes:
    """Give the SHA-256 over a flat request's arguments, its id left out.

    Written field by field and not by protobuf's serialisation, which may change between builds while the record
    lives on. A field counts only when it is set, so digests stay true when a field is added later.
    """
    digest = hashlib.sha256(_DOMAIN)
    _update(digest, request.DESCRIPTOR.full_name)
    for descriptor, value in request.ListFields():
        if descriptor.name != _ID:
            _update(digest, descriptor.name)
            _update(digest, str(value))
    return digest.digest()


def _update(digest: "hashlib._Hash", text: str) -> None:
    data = text.encode()
    digest.update(len(data).to_bytes(8, "big"))
    digest.update(data)
