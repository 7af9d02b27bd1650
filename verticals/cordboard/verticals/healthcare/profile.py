"""The profile of the clinic's voice agent: persona, slots, tools, escalation rules, red lines."""

import hashlib
import json
from functools import cache
from importlib import resources


@cache
def profile_json() -> str:
    """Give the profile as canonical JSON: sorted keys, no space, as it is pinned and handed to a voice agent."""
    text = (resources.files("cordboard.verticals.healthcare") / "profile.json").read_text(encoding="utf-8")
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@cache
def profile_digest() -> bytes:
    """Give the SHA-256 of the canonical JSON."""
    return hashlib.sha256(profile_json().encode()).digest()
