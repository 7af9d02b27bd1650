"""`cordboard token`: development tokens for the doors of this folder's Cordboard."""

from datetime import timedelta
from typing import Annotated, Literal

import typer

from cordboard.cli.options import DEFAULT_HOME, DEFAULT_TENANT, DEFAULT_VERTICAL, Home, Json, Tenant
from cordboard.cli.output import print_json
from cordboard.cli.supervision.state_directory import StateDirectory
from cordboard.core.errors import InvalidError
from cordboard.runtime.identity import TokenVerifier, UserTokenIssuer

Role = Literal["caller", "agent", "app", "engineer"]
DEFAULT_SCOPES: dict[str, tuple[str, ...]] = {
    "caller": ("calls:start",),
    # The role itself opens the desk and the agent's own leg, in the calls that ring the agent.
    "agent": (),
    "app": ("calls:start", "calls:read", "calls:steer"),
    "engineer": ("calls:read", "ledger:read"),
}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def token(
    role: Annotated[Role, typer.Argument(help="caller (single use: it pays for one call), agent, app or engineer.")],
    home: Home = DEFAULT_HOME,
    tenant: Tenant = DEFAULT_TENANT,
    vertical: Annotated[str, typer.Option(help="Vertical pack that a caller's call goes to.")] = DEFAULT_VERTICAL,
    scopes: Annotated[str, typer.Option(help="Scopes, comma-separated; without it those that the role needs.")] = "",
    ttl: Annotated[str, typer.Option(help="Life of the token: 90s, 10m, 8h, 1d.")] = "10m",
    subject: Annotated[str, typer.Option(help="Who it stands for, such as an agent's id.")] = "",
    skills: Annotated[str, typer.Option(help="What an agent can do, comma-separated.")] = "",
    json: Json = False,
) -> None:
    """Mint a development token with the keys of this folder.

    Example: [bold]curl -H "Authorization: Bearer $(cordboard token app)" …[/]
    """
    keys = StateDirectory(home).keys
    wanted = tuple(scopes.replace(",", " ").split()) or DEFAULT_SCOPES[role]
    minted = UserTokenIssuer.load(keys).mint(
        role=role,
        tenant=tenant,
        vertical=vertical,
        scopes=wanted,
        ttl=parse_ttl(ttl),
        subject=subject,
        skills=skills.replace(",", " ").split(),
    )
    if not json:
        typer.echo(minted)
        return
    claims = TokenVerifier.load(keys).user(minted)
    print_json(
        {
            "token": minted,
            "token_id": claims.token_id,
            "role": claims.role,
            "tenant": claims.tenant,
            "vertical": claims.vertical,
            "scopes": sorted(claims.scopes),
            "subject": claims.subject,
            "skills": sorted(claims.skills),
            "expires_at": claims.expires_at,
        }
    )


def parse_ttl(text: str) -> timedelta:
    """Read a life such as `90s` or `8h`; a plain number counts seconds. Raises InvalidError(TTL_INVALID)."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not number.isdecimal() or not 0 < int(number) * _UNITS[unit] <= 30 * 86400:
        raise InvalidError("TTL_INVALID", "a token lives from 1s to 30d", ttl=text)
    return timedelta(seconds=int(number) * _UNITS[unit])
