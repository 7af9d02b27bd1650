"""`POST /v1/tokens/caller`: a page with an app's token gets a caller's token for each call."""

from aiohttp import web

from cordboard.core.errors import ForbiddenError, UnimplementedError
from cordboard.gateway.access import CALLER, START, claims_of, require_scope, require_vertical
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer
from cordboard.workflows import names

APP = "app"


class TokensDoor:
    """Mints callers' tokens, when this gateway has the key for it."""

    def __init__(self, verifier: TokenVerifier, issuer: UserTokenIssuer | None) -> None:
        self._verifier = verifier
        self._issuer = issuer

    def routes(self) -> list[web.RouteDef]:
        """Give the routes."""
        return [web.post("/v1/tokens/caller", self.caller)]

    async def caller(self, request: web.Request) -> web.Response:
        """Trade an app's token for a caller's, of the same tenant and vertical."""
        claims = claims_of(request.headers.get("Authorization"), self._verifier)
        require_scope(claims, START)
        if claims.role != APP:
            raise ForbiddenError("ROLE_FORBIDDEN", "only an app gets tokens for callers", role=claims.role)
        require_vertical(claims, claims.vertical)
        if self._issuer is None:
            raise UnimplementedError("UNIMPLEMENTED", "this gateway has no key to sign tokens with")
        # The caller reads the call's events with it until the call is over.
        token = self._issuer.mint(
            role=CALLER, tenant=claims.tenant, vertical=claims.vertical, scopes=[START], ttl=names.EXECUTION_TIMEOUT
        )
        return web.json_response({"token": token}, headers={"Cache-Control": "no-store"})
