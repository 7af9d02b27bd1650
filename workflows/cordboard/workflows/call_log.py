"""What calls' workflows log: a sentence of the code under the engine's name with the call's id, and not at replays.

Temporal's own logger puts what it knows of the workflow into the sentence itself, which is then nobody's constant.
"""

import logging
from collections.abc import MutableMapping
from typing import Any

from temporalio import workflow

from cordboard.workflows.names import call_id_of


class CallLogger(workflow.LoggerAdapter):
    """Temporal's logger for workflows, silent while one replays, with the call's id in place of its own words."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the id of the workflow's call."""
        ids: dict[str, str] = {}
        if workflow.in_workflow() and (call_id := call_id_of(workflow.info().workflow_id)):
            ids["call_id"] = call_id
        kwargs["extra"] = {**ids, **(kwargs.get("extra") or {})}
        return msg, kwargs


log = CallLogger(logging.getLogger(__name__), None)
log.unsafe_disable_sandbox()  # to write a line, its place in the code is looked up in files
