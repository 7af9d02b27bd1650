"""Speech of the lines that never change, made once."""

import asyncio
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
        self._kept: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()

    async def prepare(self, phrases: Iterable[str]) -> None:
        """Make the speech of phrases that are not there yet; live requests go first."""
        await asyncio.gather(*(self._prepare(phrase) for phrase in phrases))

    async def speech(self, text: str) -> bytes:
        """Give the speech of a clause. Raises UnavailableError."""
        kept = self._kept.get(text)
        if kept is not None and kept.done() and not kept.cancelled() and kept.exception() is None:
            return kept.result()
        # A phrase that is still being prepared may stand far back in the queue: this one is live.
        return await self._synthesizer.synthesize(text)

    async def _prepare(self, phrase: str) -> None:
        if phrase in self._kept:
            return
        making = asyncio.ensure_future(self._synthesizer.synthesize(phrase, Priority.AHEAD))
        self._kept[phrase] = making
        while len(self._kept) > MOST_PHRASES:
            self._kept.popitem(last=False)
        try:
            await making
        except UnavailableError:
            self._kept.pop(phrase, None)
            _log.warning("a fixed line was not prepared; it will be made when it is needed")
