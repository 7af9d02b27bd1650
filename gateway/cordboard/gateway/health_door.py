"""Tells a supervisor whether this process lives, and whether it can start calls now."""

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

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.get("/healthz", self.healthy), web.get("/readyz", self.ready)]

    async def healthy(self, request: web.Request) -> web.Response:
        """Answer that the process serves."""
        return web.json_response({"status": "ok"})

    async def ready(self, request: web.Request) -> web.Response:
        """Answer that the parts a call needs can be reached, or 503 with LEDGER_AWAY or TEMPORAL_AWAY."""
        with ledger_away():
            await self._ledger.list_streams("call", tenant=_NOBODY, page_size=1)
        await self._control.ping()
        return web.json_response({"status": "ready"})
