"""Tells a supervisor whether this process lives, and whether it can start calls now."""

import asyncio

from aiohttp import web

from cordboard.gateway.call_control import CallControl
from cordboard.gateway.ledger_door import ledger_away
from cordboard.runtime.ledger_client import Ledger

# No tenant has this name, so the look costs the ledger next to nothing.
_NOBODY = "-"


class HealthDoor:
    """The routes `/healthz` and `/readyz`."""

    def __init__(self, ledger: Ledger, control: CallControl) -> None:
        self._ledger = ledger
        self._control = control
        self._looking: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/healthz", self.healthy), web.get("/readyz", self.ready)]

    async def healthy(self, request: web.Request) -> web.Response:
        """Answer that the process serves."""
        return web.json_response({"status": "ok"})

    async def ready(self, request: web.Request) -> web.Response:
        """Answer that the parts a call needs can be reached, or 503 with LEDGER_AWAY or TEMPORAL_AWAY."""
        # Anybody may ask, so those who ask at the same time share one look.
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="readiness")
            self._looking.add_done_callback(self._looked)
        await asyncio.shield(self._looking)
        return web.json_response({"status": "ready"})

    async def _look(self) -> None:
        with ledger_away():
            await self._ledger.list_streams("call", tenant=_NOBODY, page_size=1)
        await self._control.ping()

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looking = None
        if not task.cancelled():
            # Told to those who wait for it; when they have all gone it is nobody's.
            task.exception()
