"""The command line: every command and what it teaches in its help."""

import typer

from cordboard.cli.bench.command import bench
from cordboard.cli.chaos.command import chaos
from cordboard.cli.commands.call import call
from cordboard.cli.commands.doctor import doctor
from cordboard.cli.commands.ledger import ledger
from cordboard.cli.commands.outcome import outcome
from cordboard.cli.commands.processes import gateway, media_node, voice_agent, worker, wrap_up
from cordboard.cli.commands.redact import redact
from cordboard.cli.commands.replay import replay
from cordboard.cli.commands.status import status
from cordboard.cli.commands.token import token
from cordboard.cli.commands.up import up
from cordboard.cli.commands.workflow import workflow
from cordboard.cli.demo.command import demo

app = typer.Typer(
    name="cordboard",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "An event-sourced call-orchestration engine.\n\n"
        "[bold]cordboard demo[/] shows it at work, [bold]cordboard up[/] runs everything in this folder, "
        "[bold]cordboard status[/] shows it, [bold]cordboard call[/] starts and steers calls, "
        "[bold]cordboard replay[/] rebuilds them from the log."
    ),
)

RUN, USE, PROCESSES = "Run", "Use", "Single processes (in production each runs by itself)"
app.command(rich_help_panel=RUN)(up)
app.command(rich_help_panel=RUN)(demo)
app.command(rich_help_panel=RUN)(status)
app.command(rich_help_panel=RUN)(token)
app.command(rich_help_panel=RUN)(doctor)
app.add_typer(call, rich_help_panel=USE)
app.add_typer(outcome, rich_help_panel=USE)
app.add_typer(replay, rich_help_panel=USE)
app.add_typer(workflow, rich_help_panel=USE)
app.add_typer(ledger, rich_help_panel=USE)
app.add_typer(redact, rich_help_panel=USE)
app.add_typer(bench, rich_help_panel=USE)
app.command(rich_help_panel=USE)(chaos)
app.command(rich_help_panel=PROCESSES)(gateway)
app.command(rich_help_panel=PROCESSES)(worker)
app.command("wrap-up", rich_help_panel=PROCESSES)(wrap_up)
app.command("media-node", rich_help_panel=PROCESSES)(media_node)
app.command("voice-agent", rich_help_panel=PROCESSES)(voice_agent)
