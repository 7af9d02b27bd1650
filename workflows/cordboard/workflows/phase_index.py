"""Keeps the call findable in Temporal by its phase and media node."""

from google.protobuf.message import Message
from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

from cordboard.core.phases import phase_name
from cordboard.workflows.call_loop import CallLoop
from cordboard.workflows.search_attributes import CALL_PHASE, MEDIA_NODE, TENANT, VERTICAL


class PhaseIndex:
    """Upserts search attributes when they change, and only then: each costs an event and a write."""

    def __init__(self, loop: CallLoop) -> None:
        self._loop = loop
        self._shown: tuple[str, str] = ("", "")

    def react(self, _: Message) -> None:
        """Show the present phase and node."""
        state = self._loop.state
        wanted = (phase_name(state.phase), str(state.node_id))
        if wanted == self._shown:
            return
        updates: list[SearchAttributeUpdate[str]] = [CALL_PHASE.value_set(wanted[0])]
        if wanted[1] != self._shown[1]:
            updates.append(MEDIA_NODE.value_set(wanted[1]))
        if not self._shown[0]:
            updates += [TENANT.value_set(state.tenant), VERTICAL.value_set(state.vertical)]
        self._shown = wanted
        workflow.upsert_search_attributes(updates)
