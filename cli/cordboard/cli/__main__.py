"""The `cordboard` command."""

import os
import sys

# gRPC wants to go on in a child that was forked, and the child may die of it before it becomes the process that is
# started. Read when gRPC is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import typer
from rich.console import Console

from cordboard.cli.app import app
from cordboard.cli.exit_code import exit_code
from cordboard.core.errors import CordboardError


def main() -> None:
    """Run the command line and exit with a code that says what kind of trouble there was."""
    code = 0
    try:
        app()
    except CordboardError as error:
        Console(stderr=True, soft_wrap=True).print(f"[bold red]{error.reason}[/]: {_sentence(error)}", highlight=False)
        code = exit_code(error)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    if "temporalio.bridge.temporal_sdk_bridge" in sys.modules:
        # Its threads can abort an interpreter that is about to end (PyGILState_Release); nothing is left to do here.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _sentence(error: CordboardError) -> str:
    ids = ", ".join(f"{key} {value}" for key, value in sorted(error.fields.items()) if value)
    return error.message + (f" ({ids})" if ids else "")


if __name__ == "__main__":
    main()
