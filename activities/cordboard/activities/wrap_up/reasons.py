"""Why something of a call could not be made: stable reasons of shortfalls and silences."""

from typing import Final

NOT_RECORDED: Final = "NOT_RECORDED"
"""Nothing was recorded though it might have been."""

CONSENT_REFUSED: Final = "CONSENT_REFUSED"
"""The caller does not want to be recorded: there is no file and no transcript."""

CONSENT_MISSING: Final = "CONSENT_MISSING"
"""The caller was never asked, or never answered: there is no file and no transcript."""

NO_AUDIO: Final = "NO_AUDIO"
"""Recording was on, and nobody sent anything."""

NO_SPEECH: Final = "NO_SPEECH"
"""Nobody said a word."""

UNINTELLIGIBLE: Final = "UNINTELLIGIBLE"
"""There is sound like speech in which no word was understood; it is muted in what is published."""

LANGUAGE_UNKNOWN: Final = "LANGUAGE_UNKNOWN"
"""A side was not understood: it spoke another language, or could hardly be heard. Nothing of it is published."""

ENGINE_AWAY: Final = "ENGINE_AWAY"
"""The engine of the second pass cannot be had; the words are those that were understood during the call."""

CAPTURE_MISSING: Final = "CAPTURE_MISSING"
"""A segment that was announced is not in the store."""

CAPTURE_DAMAGED: Final = "CAPTURE_DAMAGED"
"""A segment in the store is not what the log says, or cannot be opened."""

RECORDING_PAUSED: Final = "RECORDING_PAUSED"
"""Recording was paused."""

RECORDING_OFF: Final = "RECORDING_OFF"
"""Recording was stopped and started again later."""

LEG_HELD: Final = "LEG_HELD"
"""The leg was on hold: nobody heard it."""

RECORDING_ABSENT: Final = "RECORDING_ABSENT"
"""There is no file to publish."""

TRANSCRIPT_ABSENT: Final = "TRANSCRIPT_ABSENT"
"""There is no transcript to publish."""

HISTORY_GONE: Final = "HISTORY_GONE"
"""Temporal has no history of the call any more."""
