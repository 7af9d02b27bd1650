"""Names and limits of the contract between a call and the registered workflow that runs it.

The messages are those of `cordboard.registry.v1` (script_contract.proto); docs/script-contract.md tells the rest.
"""

from datetime import timedelta
from typing import Final

from cordboard.registry.v1.script_contract_pb2 import VerbRequested

SIGNAL_VERB_REQUESTED: Final = "verb_requested"
"""From the script to the call: VerbRequested."""

SIGNAL_VERB_SETTLED: Final = "verb_settled"
"""From the call to the script: VerbSettled."""

VERBS: Final = frozenset(field.name for field in VerbRequested.DESCRIPTOR.oneofs_by_name["verb"].fields)
"""Every verb of the contract."""

FREE: Final = frozenset({"look"})
"""Verbs that need no capability."""

CAPABILITIES: Final = frozenset(
    {
        "answer",
        "consent",
        "record",
        "talk",
        "say",
        "announce",
        "gather",
        "enqueue",
        "bridge",
        "hold",
        "retrieve",
        "voicemail",
        "callback",
        "hang_up",
    }
)
"""Verbs that this build carries out, and so may be registered for."""

DEFAULT_PATIENCE: Final = timedelta(seconds=30)
"""So long a script may ask for nothing while no verb of its is under way."""

FIRST_TASK: Final = timedelta(seconds=5)
"""A worker on the script's queue has begun by then, or the queue is dead."""

MAX_UNDER_WAY: Final = 16
"""Verbs of one script that may be under way at once."""

TOO_MANY_VERBS: Final = "TOO_MANY_VERBS"
"""Reason of a verb that was asked for while so many are under way."""

SCRIPT_QUEUE_DEAD: Final = "SCRIPT_QUEUE_DEAD"
"""No worker took up the script."""

SCRIPT_UNKNOWN_TYPE: Final = "SCRIPT_UNKNOWN_TYPE"
"""The worker on the script's queue does not know the workflow type."""

SCRIPT_FAILED: Final = "SCRIPT_FAILED"
"""The script ended by a failure, or its own code breaks again and again."""

SCRIPT_SILENT: Final = "SCRIPT_SILENT"
"""The script runs and asks for nothing."""

_PREFIX: Final = "call/"


def script_workflow_id(call_id: str, name: str) -> str:
    """Name the workflow of a call's script."""
    return f"{_PREFIX}{call_id}/v/{name}"


def is_script(workflow_id: str) -> bool:
    """Tell whether a workflow id is that of a call's script."""
    _, call, rest = workflow_id.partition(_PREFIX)
    return bool(call) and rest.split("/")[1:2] == ["v"]
