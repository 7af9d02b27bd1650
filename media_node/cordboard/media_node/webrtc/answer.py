"""Reading a browser's offer and writing the node's answer (RFC 8829, RFC 8843)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import SessionDescription

from cordboard.core.errors import InvalidError
from cordboard.media_node.egress import OutStream
from cordboard.media_node.rtp import CLOCK_RATE

MOST_AUDIO_LINES = 4
_LONGEST_SDP = 64 * 1_024
# Each candidate makes the node send checks to an address of the browser's choice.
_MOST_CANDIDATES = 16
_MALFORMED = (ValueError, AssertionError, KeyError, AttributeError, IndexError, StopIteration, TypeError)
# 24 kbit/s mono with forward error correction. No DTX: its gaps cost the voice agent's ears more than the line.
OPUS_FORMAT = "minptime=10;useinbandfec=1;usedtx=0;stereo=0;sprop-stereo=0;maxaveragebitrate=24000"
_EVENT_RATES = (CLOCK_RATE, 8_000)
_DISCARD = "IN IP4 0.0.0.0"


@dataclass(frozen=True, slots=True)
class AudioLine:
    """One m-line of the offer; not `accepted` lines are answered with port 0."""

    kind: str
    profile: str
    formats: str
    mid: str
    accepted: bool
    browser_sends: bool = False
    browser_listens: bool = False
    payload_type: int = 0
    event_types: tuple[tuple[int, int], ...] = ()
    """Payload types of telephone events, each with its clock rate."""

    @property
    def sent_event_type(self) -> int:
        """The payload type of telephone events that share the clock of Opus; 0 for none."""
        return next((number for number, rate in self.event_types if rate == CLOCK_RATE), 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the node takes from an offer."""

    lines: tuple[AudioLine, ...]
    ice: RTCIceParameters
    dtls: RTCDtlsParameters
    candidates: tuple[RTCIceCandidate, ...]

    @property
    def heard_line(self) -> AudioLine | None:
        """The line on which the browser speaks, if any."""
        return next((line for line in self.lines if line.browser_sends), None)

    @property
    def listening_lines(self) -> tuple[AudioLine, ...]:
        """The lines on which the browser can be sent something: its listening slots."""
        return tuple(line for line in self.lines if line.browser_listens)


def read_offer(sdp: str) -> Offer:
    """Parse an offer. Raises InvalidError(BAD_SDP); the message never quotes it, for it holds addresses.

    Candidates named `.local` are dropped: looking them up takes a second and mostly fails, while the browser's
    own checks give a peer-reflexive pair at once.
    """
    if len(sdp) > _LONGEST_SDP:
        raise _bad("it is too long")
    try:
        return _understand(SessionDescription.parse(sdp))
    except _MALFORMED as error:
        raise _bad("it cannot be parsed") from error


def write_answer(
    offer: Offer,
    *,
    session_id: int,
    ice: RTCIceParameters,
    dtls: RTCDtlsParameters,
    role: str,
    candidates: Sequence[str],
    streams: Sequence[OutStream],
    cname: str,
    listens: bool,
) -> str:
    """Write the answer: one sending stream per listening slot; `listens` False refuses what the browser says."""
    accepted = [line for line in offer.lines if line.accepted]
    text = [
        "v=0",
        f"o=- {session_id} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-options:trickle",
        "a=extmap-allow-mixed",
        *(["a=group:BUNDLE " + " ".join(line.mid for line in accepted)] if accepted[0].mid else []),
        "a=msid-semantic: WMS *",
    ]
    waiting = list(streams)
    transport = [
        f"a=ice-ufrag:{ice.usernameFragment}",
        f"a=ice-pwd:{ice.password}",
        *(f"a=fingerprint:{print_.algorithm} {print_.value}" for print_ in dtls.fingerprints),
        f"a=setup:{role}",
        *(f"a=candidate:{candidate}" for candidate in candidates),
        "a=end-of-candidates",
    ]
    for line in offer.lines:
        if not line.accepted:
            text += [f"m={line.kind} 0 {line.profile} {line.formats}", f"c={_DISCARD}"]
            text += [f"a=mid:{line.mid}"] if line.mid else []
            continue
        stream = waiting.pop(0) if line.browser_listens else None
        hears = line.browser_sends and listens
        text += _audio(line, stream, cname, hears) + transport
    return "\r\n".join(text) + "\r\n"


def _audio(line: AudioLine, stream: OutStream | None, cname: str, hears: bool) -> list[str]:
    direction = {
        (True, True): "sendrecv",
        (True, False): "sendonly",
        (False, True): "recvonly",
        (False, False): "inactive",
    }[stream is not None, hears]
    text = [
        f"m=audio 9 {line.profile} " + " ".join(str(n) for n in (line.payload_type, *dict(line.event_types))),
        f"c={_DISCARD}",
        f"a={direction}",
        *([f"a=mid:{line.mid}"] if line.mid else []),
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-mux",
        f"a=rtpmap:{line.payload_type} opus/48000/2",
        f"a=fmtp:{line.payload_type} {OPUS_FORMAT}",
    ]
    for number, rate in line.event_types:
        text += [f"a=rtpmap:{number} telephone-event/{rate}", f"a=fmtp:{number} 0-15"]
    if stream is not None:
        text += [f"a=msid:{cname}-{line.mid} slot-{line.mid}", f"a=ssrc:{stream.ssrc} cname:{cname}"]
    return text


def _understand(description: SessionDescription) -> Offer:
    lines: list[AudioLine] = []
    accepted = None
    candidates: list[RTCIceCandidate] = []
    for media in description.media:
        opus = next((c for c in media.rtp.codecs if c.mimeType.lower() == "audio/opus"), None)
        formats = " ".join(str(entry) for entry in media.fmt)
        taken = sum(line.accepted for line in lines)
        refused = media.kind != "audio" or not media.port or taken == MOST_AUDIO_LINES
        # Lines after the first can only ride on its transport, which takes a BUNDLE group and so a name.
        if refused or opus is None or (taken and not media.rtp.muxId):
            lines.append(AudioLine(media.kind, media.profile, formats, media.rtp.muxId, accepted=False))
            continue
        direction = media.direction or "sendrecv"
        heard_already = any(line.browser_sends for line in lines)
        lines.append(
            AudioLine(
                media.kind,
                media.profile,
                formats,
                media.rtp.muxId,
                accepted=True,
                browser_sends=direction in ("sendrecv", "sendonly") and not heard_already,
                browser_listens=direction in ("sendrecv", "recvonly"),
                payload_type=opus.payloadType or 0,
                event_types=_event_types(media.rtp.codecs),
            )
        )
        accepted = accepted or media
        room = _MOST_CANDIDATES - len(candidates)
        candidates += [candidate for candidate in media.ice_candidates if usable(candidate)][:room]
    if accepted is None:
        raise _bad("it offers no Opus audio")
    ice = accepted.ice
    if ice is None or not (ice.usernameFragment and ice.password):
        raise _bad("it has no ICE credentials")
    if accepted.dtls is None or not accepted.dtls.fingerprints:
        raise _bad("it has no DTLS fingerprint")
    return Offer(tuple(lines), ice, accepted.dtls, tuple(candidates))


def _event_types(codecs: Iterable[RTCRtpCodecParameters]) -> tuple[tuple[int, int], ...]:
    """Find the telephone events of a line (RFC 4733). Chromium offers 48 kHz and 8 kHz, and uses what is answered."""
    found = {
        codec.payloadType: codec.clockRate
        for codec in codecs
        if codec.mimeType.lower() == "audio/telephone-event" and codec.clockRate in _EVENT_RATES
    }
    return tuple((number, rate) for number, rate in found.items() if number)


def usable(candidate: RTCIceCandidate) -> bool:
    """True for candidates that the node may try: UDP, and not hidden behind multicast DNS."""
    return candidate.protocol.lower() == "udp" and not candidate.ip.endswith(".local")


def _bad(why: str) -> InvalidError:
    return InvalidError("BAD_SDP", f"the offer cannot be answered: {why}")
