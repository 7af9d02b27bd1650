"""Text to speech by the hibari model, in a process of its own."""

from cordboard.voice_agent.engines.engine_pool import EnginePool, Priority
from cordboard.voice_agent.engines.message_frame import Frame

WORKER_MODULE = "cordboard.voice_agent.engines.hibari_worker"


class HibariSynthesizer:
    """Speaks through a pool of engine processes."""

    def __init__(self, *, processes: int = 1) -> None:
        """Set how many processes share the work."""
        self.pool = EnginePool(WORKER_MODULE, processes=processes)

    @property
    def version(self) -> str:
        """Name and version of the engine; empty before the start."""
        return self.pool.version

    async def start(self) -> None:
        """Start the engines and let them run once, so that the first caller does not wait for it."""
        await self.pool.start()
        await self.synthesize("One moment.")

    async def stop(self) -> None:
        """End the engines."""
        await self.pool.stop()

    async def synthesize(self, text: str, priority: Priority = Priority.LIVE) -> bytes:
        """Give the speech of `text` (24 kHz, mono, signed 16-bit little-endian) without silence around it.

        Raises UnavailableError.
        """
        return (await self.pool.ask(Frame({"text": text}), priority)).payload
