"""Whether what was captured is in the object store as the log says: every sealed segment, byte for byte.

And whether it is media of that call: a segment opens under the call's recording subkey.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import aiohttp
from cryptography.exceptions import InvalidTag

from cordboard.cli.demo.story import Segment
from cordboard.cli.supervision.object_store import BUCKET
from cordboard.cli.supervision.s3_request import S3Keys, send
from cordboard.media_node.archive import unseal


async def stored_as_logged(endpoint: str, keys: S3Keys, segments: Sequence[Segment]) -> bool:
    """Fetch each segment from the store at `host:port` and compare its SHA-256 with the log's."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        for segment in segments:
            status, sealed = await send(session, keys, "GET", endpoint, f"/{BUCKET}/{segment.object_key}")
            if status != 200 or hashlib.sha256(sealed).digest() != segment.sha256:
                return False
    return bool(segments)


async def opens_as_logged(endpoint: str, keys: S3Keys, call_id: str, segment: Segment, subkey: bytes) -> bool:
    """Open a stored segment with the call's recording subkey and see that it is the one that the log names."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        status, sealed = await send(session, keys, "GET", endpoint, f"/{BUCKET}/{segment.object_key}")
    if status != 200:
        return False
    try:
        opened = unseal(sealed, subkey, segment.object_key)
    except (InvalidTag, ValueError):
        return False
    found = (opened.call_id, opened.leg_id, opened.segment, len(opened.packets))
    return found == (call_id, segment.leg_id, segment.number, segment.packets)


def capture_report(segments: Sequence[Segment], sha256_ok: bool) -> dict[str, Any]:
    """The report's field `capture`; its seconds run from the first segment's start to the last one's end."""
    first = min(segment.started_us for segment in segments)
    last = max(segment.ended_us for segment in segments)
    return {"segments": len(segments), "seconds": round((last - first) / 1e6, 1), "sha256_ok": sha256_ok}
