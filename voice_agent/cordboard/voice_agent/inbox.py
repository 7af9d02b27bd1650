"""What reaches a conversation, one after the other: it needs no locks."""

from dataclasses import dataclass

from cordboard.media.v1.media_node_service_pb2 import AttachAudioResponse
from cordboard.voice_agent.dialogue.dialogue_state import ToolOutcome
from cordboard.voice_agent.endpointing import TurnEnded
from cordboard.voice_agent.engines.transcriber import Transcript
from cordboard.voice_agent.speaking import Play


@dataclass(frozen=True, slots=True)
class Guessed:
    """The recogniser answered a guess."""

    guess: int
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Interpreted:
    """What a caller meant by a turn is known; or its own words are to do."""

    ended: TurnEnded
    meaning: str


@dataclass(frozen=True, slots=True)
class LineGiven:
    """A line to say at the next pause."""

    text: str
    play_id: str


@dataclass(frozen=True, slots=True)
class Released:
    """The agent shall leave."""

    finish_speaking: bool
    last_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortGone:
    """The node closed the port or cannot be reached."""


Item = AttachAudioResponse | Guessed | Interpreted | ToolOutcome | LineGiven | Released | PortGone | Play
