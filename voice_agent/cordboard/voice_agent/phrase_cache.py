"""Speech of the lines that never change, made once."""

import logging
from collections import OrderedDict
from collections.abc import Iterable

from cordboard.core.errors import UnavailableError
from cordboard.voice_agent.engines.engine_pool import Priority
from cordboard.voice_agent.engines.synthesizer import Synthesizer

_log = logging.getLogger(__name__)

MOST_PHRASES = 500


class PhraseCache:
    """Speaks through a synthesizer and keeps the phrases that it was told to keep.

    Only a profile's fixed clauses are kept: a line with a name or a number in it must not outlive its call.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        """Take the engine that makes the speech."""
        self._synthesizer = synthesizer
        self._kept: OrderedDict[str, bytes | None] = OrderedDict()

    def keep(self, phrases: Iterable[str]) -> None:
        """Keep the speech of these phrases from when it is first made."""
        for phrase in phrases:
            self._kept.setdefault(phrase, None)
        while len(self._kept) > MOST_PHRASES:
            self._kept.popitem(last=False)

    async def prepare(self, phrases: Iterable[str]) -> None:
        """Make the speech of phrases that is not there yet, one after the other; live requests go first."""
        wanted = tuple(phrases)
        self.keep(wanted)
        for phrase in wanted:
            if self._kept.get(phrase) is not None:
                continue
            try:
                await self._make(phrase, Priority.AHEAD)
            except UnavailableError:
                _log.warning("a fixed line was not prepared; it will be made when it is needed")

    async def speech(self, text: str) -> bytes:
        """Give the speech of a clause. Raises UnavailableError."""
        kept = self._kept.get(text)
        # A phrase that is being prepared may stand far back in the queue: this one is live.
        return kept if kept is not None else await self._make(text, Priority.LIVE)

    async def _make(self, text: str, priority: Priority) -> bytes:
        speech = await self._synthesizer.synthesize(text, priority)
        if text in self._kept:
            self._kept[text] = speech
        return speech
