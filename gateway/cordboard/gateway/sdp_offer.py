"""A first look at an SDP offer (RFC 8866), so that nonsense is refused before a call is opened for it.

Only the frame is checked here: that it parses, and that it offers audio over DTLS-SRTP with ICE (RFC 8829). Which
codecs can be spoken is the media node's to say.
"""

import re

from cordboard.core.errors import InvalidError

MAX_OFFER = 64 * 1024

_LINE = re.compile(r"([a-z])=(.*)")
_MEDIA = re.compile(r"(audio|video|application|text|image|message) (\d{1,5})(?:/\d+)? ([A-Z0-9/.]+)((?: \S+)+)")
_SECURE_RTP = frozenset(
    {"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"}
)
_OFFERING_SETUPS = frozenset({"actpass", "active", "passive"})
_SESSION_LINES = ("v", "o", "s", "t")


def require_audio_offer(sdp: str) -> None:
    """Raise InvalidError(BAD_SDP) unless the text is an SDP offer with audio; its field `problem` says why."""
    if len(sdp) > MAX_OFFER:
        raise _bad("TOO_LONG")
    session, sections = _sections(sdp)
    if [line for line, _ in session if line in _SESSION_LINES] != list(_SESSION_LINES) or session[0] != ("v", "0"):
        raise _bad("SESSION_LINES")
    audio = [section for section in sections if _offers_audio(section)]
    if not audio:
        raise _bad("NO_AUDIO")
    shared = _attributes(session)
    for section in audio:
        attributes = shared | _attributes(section[1:])
        if not attributes.get("ice-ufrag") or not attributes.get("ice-pwd"):
            raise _bad("NO_ICE")
        if not attributes.get("fingerprint"):
            raise _bad("NO_FINGERPRINT")
        if attributes.get("setup", "actpass") not in _OFFERING_SETUPS:
            raise _bad("BAD_SETUP")


def _bad(problem: str) -> InvalidError:
    return InvalidError("BAD_SDP", "the SDP is not an offer of audio that this engine can read", problem=problem)


def _sections(sdp: str) -> tuple[list[tuple[str, str]], list[list[tuple[str, str]]]]:
    """Split into the session's lines and those of each media section."""
    session: list[tuple[str, str]] = []
    sections: list[list[tuple[str, str]]] = []
    lines = sdp.replace("\r\n", "\n").removesuffix("\n").split("\n")
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or not line.isprintable():
            raise _bad("BAD_LINE")
        kind, value = match[1], match[2]
        if kind == "m":
            sections.append([])
        (sections[-1] if sections else session).append((kind, value))
    if not session:
        raise _bad("SESSION_LINES")
    return session, sections


def _offers_audio(section: list[tuple[str, str]]) -> bool:
    media = _MEDIA.fullmatch(section[0][1])
    if media is None or int(media[2]) > 65535:
        raise _bad("BAD_MEDIA_LINE")
    return media[1] == "audio" and int(media[2]) != 0 and media[3] in _SECURE_RTP


def _attributes(lines: list[tuple[str, str]]) -> dict[str, str]:
    named = (value.partition(":") for kind, value in lines if kind == "a")
    return {name: value for name, _, value in named}
