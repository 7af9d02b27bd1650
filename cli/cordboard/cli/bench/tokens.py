"""The tokens that a bench calls with."""

import uuid

from cordboard.cli.page_addresses import hand_over_skills
from cordboard.cli.supervision.stack import Stack
from cordboard.runtime.identity import UserTokenIssuer

TENANT = "bench"
VERTICAL = "healthcare"


class BenchTokens:
    """Mints tokens of the bench's tenant with a stack's keys."""

    def __init__(self, stack: Stack) -> None:
        """Use the keys of a running stack."""
        self._issuer = UserTokenIssuer.load(stack.directory.keys)

    def app(self) -> str:
        """Give a token that may start, read and steer the tenant's calls, and see what was said in them."""
        scopes = ("calls:start", "calls:read", "calls:steer", "phi")
        return self._issuer.mint(role="app", tenant=TENANT, scopes=scopes, subject="bench")

    def caller(self) -> str:
        """Give a caller's token, good for one call."""
        return self._issuer.mint(role="caller", tenant=TENANT, vertical=VERTICAL, scopes=("calls:start",))

    def agent(self) -> str:
        """Give a human agent's token, another agent each time, with every skill that callers are handed over for."""
        return self._issuer.mint(
            role="agent", tenant=TENANT, subject=f"agent-{uuid.uuid4()}", skills=hand_over_skills()
        )
