"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path,
    typer.Option("--home", envvar="CORDBOARD_HOME", help="State directory of this Cordboard.", show_default=True),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose calls: the tenant's name.")]
Token = Annotated[
    str,
    typer.Option("--token", envvar="CORDBOARD_TOKEN", help="Bearer token; without it one is minted with local keys."),
]
Gateway = Annotated[
    str,
    typer.Option("--gateway", envvar="CORDBOARD_GATEWAY", help="host:port of a gateway; without it the local one."),
]
Ledger = Annotated[
    str,
    typer.Option("--ledger", envvar="CORDBOARD_LEDGER", help="host:port of a ledger; without it the local one."),
]
CallId = Annotated[str, typer.Argument(metavar="CALL", help="The call's id.")]
RequestId = Annotated[str, typer.Option(help="UUID of the request; repeating one gets the same answer.")]
PageToken = Annotated[str, typer.Option(help="Token of the page before.")]

DEFAULT_HOME = Path(".cordboard")
DEFAULT_TENANT = "demo"
DEFAULT_VERTICAL = "healthcare"
