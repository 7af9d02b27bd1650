"""Real Opus packets that carry the time at which they were sent, in padding that every decoder passes over."""

import struct

import numpy as np

from cordboard.media_node.opus import SPEECH_FRAME, SPEECH_RATE, SpeechEncoder
from cordboard.media_node.rtp import RtpPacket, build_rtp

_STAMP = struct.Struct("!8sQ")
_MAGIC = b"cordbeam"
_FRAMES = 100
FRAME_TIMESTAMP = 960


class StampedSpeech:
    """An endless stream of 20 ms packets for one sender."""

    def __init__(self, payload_type: int, ssrc: int) -> None:
        """Begin at sequence number 0."""
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._frames = voiced_frames()
        self._sequence = 0

    def packet(self, sent_ns: int, elapsed_frames: int) -> bytes:
        """Give the next packet, stamped; its RTP timestamp is `elapsed_frames` frames after the start."""
        payload = stamped(self._frames[self._sequence % _FRAMES], sent_ns)
        timestamp = elapsed_frames * FRAME_TIMESTAMP & 0xFFFF_FFFF
        sequence = self._sequence & 0xFFFF
        self._sequence += 1
        return build_rtp(RtpPacket(self._payload_type, False, sequence, timestamp, self._ssrc, payload))


def stamped(frame: bytes, sent_ns: int) -> bytes:
    """Turn a packet of one Opus frame into one of code 3 with padding (RFC 6716 section 3.2.5) that holds the time."""
    if not frame or frame[0] & 3:
        raise ValueError("not a packet of exactly one frame")
    return bytes((frame[0] | 3, 0x40 | 1, _STAMP.size)) + frame[1:] + _STAMP.pack(_MAGIC, sent_ns)


def stamp_of(packet: bytes) -> int | None:
    """Read the time from a packet that was forwarded as it is; None from any other."""
    if len(packet) < _STAMP.size:
        return None
    magic, sent_ns = _STAMP.unpack_from(packet, len(packet) - _STAMP.size)
    return int(sent_ns) if magic == _MAGIC else None


def voiced_frames() -> list[bytes]:
    """Encode two seconds of a voice-like sound: harmonics of a gliding pitch under a slow envelope, and some noise."""
    encoder, noise = SpeechEncoder(), np.random.default_rng(7)
    time = np.arange(_FRAMES * SPEECH_FRAME) / SPEECH_RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 1.5 * time)) / SPEECH_RATE
    voice = sum(np.sin(number * phase) / number for number in range(1, 20))
    sound = voice * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time)) + noise.normal(0, 0.05, len(time))
    samples = (sound / np.max(np.abs(sound)) * 12_000).astype(np.int16)
    return [encoder.encode(samples[at : at + SPEECH_FRAME]) for at in range(0, len(samples), SPEECH_FRAME)]
