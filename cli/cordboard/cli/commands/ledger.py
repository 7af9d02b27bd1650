"""`cordboard ledger`: the process itself; what else is done with the record is in its sub-commands."""

import typer

from cordboard.cli.commands import ledger_keys, ledger_verify
from cordboard.cli.commands.processes import FREE, Instance, Listen, run
from cordboard.cli.options import DEFAULT_HOME, Home

ledger = typer.Typer(name="ledger", help="The record: its process, its chain, its keys.", invoke_without_command=True)
ledger.add_typer(ledger_keys.hold)
ledger.add_typer(ledger_keys.keys)
ledger.add_typer(ledger_verify.anchors)
ledger.command()(ledger_verify.verify)
ledger.command()(ledger_keys.erase)


@ledger.callback()
def ledger_itself(context: typer.Context) -> None:
    """Run the ledger process, or check the record with a sub-command.

    [bold]cordboard ledger[/] alone is [bold]cordboard ledger serve[/].
    """
    if context.invoked_subcommand is None:
        serve()


@ledger.command()
def serve(home: Home = DEFAULT_HOME, instance: Instance = "", listen: Listen = FREE) -> None:
    """Run the process that keeps the record. Needs CORDBOARD_POSTGRES_URL_FILE."""
    run("ledger", home, instance, {"CORDBOARD_LISTEN": listen})
