"""A caller who does not wait for the agent to finish."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from cordboard.cli.demo.phone import Phone
from cordboard.cli.demo.sound import AUDIBLE_DBOV, Sound
from cordboard.cli.demo.timing import last_audible
from cordboard.core.errors import CordboardError, UnavailableError

# They begin with a vowel, a fricative, a plosive, a nasal and a glide: the onset is not equally clear in all of them.
LINES = (
    "I have a question before you go on.",
    "Sorry, can I ask you something first?",
    "Can you wait a moment, please?",
    "No, wait, I just want to know something.",
    "Wait, please, I have a question.",
)
_GREETING_SECONDS = 15.0
_AFTER_LINE_S = 0.5


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An interruption as the caller knows it; times in seconds since the Unix epoch."""

    call_id: str
    onset: float
    last_audible: float | None
    """When the last frame of the agent's interrupted speech came."""


async def interrupt(gateway: str, token: str, line: Sound, after: float) -> Interrupted:
    """Call, let the agent speak for `after` seconds, talk over it, hang up.

    Raises UnavailableError(NOTHING_HEARD) when the agent does not speak.
    """
    phone = Phone(gateway, token, time.monotonic)
    try:
        answered = await phone.call()
        began = await _speaking_for(phone, after)
        spoken = await phone.line_out.say(line)
        await asyncio.sleep(_AFTER_LINE_S)
        with contextlib.suppress(CordboardError):
            await phone.hang_up()
    finally:
        await phone.close()
    offset = time.time() - time.monotonic()
    last = last_audible(phone.sound_in, began, spoken)
    return Interrupted(answered.call_id, spoken.started + offset, None if last is None else last + offset)


async def _speaking_for(phone: Phone, seconds: float) -> float:
    """Wait until the agent has spoken for so long; gives when it began."""
    began = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GREETING_SECONDS):
            while True:
                frame = await phone.frames.get()
                if frame.level <= AUDIBLE_DBOV:
                    continue
                began = frame.arrived if began is None else began
                if frame.arrived - began >= seconds:
                    return began
    raise UnavailableError("NOTHING_HEARD", "the agent did not speak long enough to be interrupted")
