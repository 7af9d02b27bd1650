"""Agent profiles: read from the vertical pack, pinned by digest, kept for as long as a call may ask for them."""

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from temporalio import activity

from cordboard.activity.v1.call_activities_pb2 import HandOverRules, PinProfileInput, ReadHandOverInput
from cordboard.call.v1.commands_pb2 import PinProfile
from cordboard.core.errors import InvalidError, NotFoundError
from cordboard.workflows.vertical_pack import VerticalPack

NOBODY_FREE = ("I'm sorry, there is nobody free to talk to you now.", "Please call again.", "Goodbye.")
"""Said where the profile has no line of its own for it."""


class ProfileStore(Protocol):
    """Content by digest. One implementation keeps files, the other memory."""

    async def keep(self, content: bytes) -> bytes:
        """Keep content and give its SHA-256."""
        ...

    async def content(self, digest: bytes) -> bytes:
        """Give the content of a digest. Raises NotFoundError(PROFILE_UNKNOWN)."""
        ...


class DirectoryProfileStore:
    """Keeps each profile in a file named after its digest; a file never changes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def keep(self, content: bytes) -> bytes:
        """Keep content; see ProfileStore.keep."""
        digest = hashlib.sha256(content).digest()
        # A look takes less than the way to a thread, and nearly every profile is there.
        if not self._path(digest).exists():
            await asyncio.to_thread(self._write, digest, content)
        return digest

    async def content(self, digest: bytes) -> bytes:
        """Give the content of a digest; see ProfileStore.content."""
        try:
            content = await asyncio.to_thread(self._path(digest).read_bytes)
        except FileNotFoundError as error:
            raise _unknown(digest) from error
        if hashlib.sha256(content).digest() != digest:
            raise InvalidError("PROFILE_ALTERED", "a kept profile differs from its digest", key=digest.hex())
        return content

    def _path(self, digest: bytes) -> Path:
        return self._directory / f"{digest.hex()}.json"

    def _write(self, digest: bytes, content: bytes) -> None:
        path = self._path(digest)
        if path.exists():
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed: another worker may keep the same profile at the same moment.
        handle, name = tempfile.mkstemp(dir=self._directory)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)


class MemoryProfileStore:
    """Keeps profiles for as long as the process lives."""

    def __init__(self) -> None:
        self._contents: dict[bytes, bytes] = {}

    async def keep(self, content: bytes) -> bytes:
        """Keep content; see ProfileStore.keep."""
        digest = hashlib.sha256(content).digest()
        self._contents[digest] = content
        return digest

    async def content(self, digest: bytes) -> bytes:
        """Give the content of a digest; see ProfileStore.content."""
        try:
            return self._contents[digest]
        except KeyError as error:
            raise _unknown(digest) from error


class ProfileActivities:
    """The activities that pin agent profiles."""

    def __init__(self, packs: Mapping[str, VerticalPack], store: ProfileStore) -> None:
        self._packs = packs
        self._store = store

    @activity.defn
    async def pin_profile(self, wanted: PinProfileInput) -> PinProfile:
        """Keep an agent profile in canonical form; an empty name means the pack's default agent."""
        pack = self._packs.get(wanted.vertical)
        if pack is None:
            raise NotFoundError("VERTICAL_UNKNOWN", "no such vertical pack is installed", vertical=wanted.vertical)
        agent = wanted.agent or pack.default_agent
        content, version = _canonical(pack.profile(agent))
        return PinProfile(name=agent, version=version, digest=await self._store.keep(content))

    @activity.defn
    async def read_hand_over(self, wanted: ReadHandOverInput) -> HandOverRules:
        """Read what a pinned profile says about humans taking over. Its author may have left out all of it."""
        profile = json.loads(await self._store.content(wanted.profile_digest))
        lines, escalation = profile.get("lines", {}), profile.get("escalation", {})
        return HandOverRules(
            queue=escalation.get("queue", ""),
            skills=escalation.get("skills", ()),
            handing_over=lines.get("low_confidence", ()),
            nobody_free=lines.get("nobody_free") or NOBODY_FREE,
            callback_promised=lines.get("callback_promised", ()),
            voicemail=lines.get("voicemail", ()),
            voicemail_refused=lines.get("voicemail_refused") or lines.get("nobody_free") or NOBODY_FREE,
        )


@lru_cache(maxsize=64)
def _canonical(text: bytes) -> tuple[bytes, str]:
    """Give a profile's canonical form and its version."""
    profile = json.loads(text)
    content = json.dumps(profile, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return content, str(profile.get("version", ""))


def _unknown(digest: bytes) -> NotFoundError:
    return NotFoundError("PROFILE_UNKNOWN", "no profile of that digest is kept", key=digest.hex())
