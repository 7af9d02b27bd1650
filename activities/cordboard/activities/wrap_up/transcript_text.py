"""A redacted transcript for people and for programs."""

import json
from typing import Final

from google.protobuf import json_format

from cordboard.wrap_up.v1 import transcript_pb2 as pb

JSON_TYPE: Final = "application/json"
TEXT_TYPE: Final = "text/plain; charset=utf-8"

_SPEAKERS: Final = {
    pb.SPEAKER_CALLER: "caller",
    pb.SPEAKER_AI_AGENT: "AI agent",
    pb.SPEAKER_HUMAN_AGENT: "human agent",
    pb.SPEAKER_UNSPECIFIED: "somebody",
}


def to_json(transcript: pb.RedactedTranscript) -> bytes:
    """The contract's message as JSON, with enumerations by name."""
    told = json_format.MessageToDict(transcript, preserving_proto_field_name=True)
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def to_text(transcript: pb.RedactedTranscript) -> bytes:
    """One line per utterance, with its time in the call."""
    lines = [(one.started_us, f"{_SPEAKERS[one.speaker]}: {one.text}") for one in transcript.utterances]
    lines += [
        (one.started_us, f"({one.reason}, {(one.ended_us - one.started_us) / 1e6:.1f} s)")
        for one in transcript.silences
        if one.ended_us - one.started_us < _NO_END_US
    ]
    return "".join(f"{_clock(at)}  {line}\n" for at, line in sorted(lines, key=lambda line: line[0])).encode()


_NO_END_US: Final = 24 * 3600 * 1_000_000


def _clock(media_us: int) -> str:
    seconds = media_us / 1e6
    return f"{int(seconds // 60):02d}:{seconds % 60:04.1f}"
