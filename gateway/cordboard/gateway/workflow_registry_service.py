"""The door for platform teams' own workflows."""

from typing import Any

from cordboard.gateway.access import READ, actor_of, require_request_id, require_scope, require_vertical
from cordboard.gateway.script_keys import ScriptKeys
from cordboard.gateway.workflow_catalogue import WorkflowCatalogue
from cordboard.registry.v1 import workflow_registry_service_pb2 as pb
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceServicer
from cordboard.runtime.grpc_server import current_user

REGISTER = "workflows:register"
RUN_SCRIPTS = "scripts:run"
MAX_PAGE = 200
DEFAULT_PAGE = 50


class WorkflowRegistryService(WorkflowRegistryServiceServicer):
    """Registers workflows for the tenant of the token, and gives their workers what they need."""

    def __init__(self, catalogue: WorkflowCatalogue, keys: ScriptKeys) -> None:
        self._catalogue = catalogue
        self._keys = keys

    async def RegisterWorkflow(self, request: pb.RegisterWorkflowRequest, context: Any) -> pb.RegisterWorkflowResponse:
        """Register a workflow."""
        user = current_user()
        require_scope(user, REGISTER)
        require_request_id(request.request_id)
        if user.vertical:
            require_vertical(user, request.entry.vertical)
        await self._catalogue.register(user.tenant, request.entry, actor_of(user))
        return pb.RegisterWorkflowResponse(entry=request.entry)

    async def ListWorkflows(self, request: pb.ListWorkflowsRequest, context: Any) -> pb.ListWorkflowsResponse:
        """List what the tenant has registered, in the current versions."""
        user = current_user()
        require_scope(user, READ)
        entries = [
            entry
            for entry in (await self._catalogue.registry(user.tenant)).entries()
            if entry.name > request.page_token
        ]
        size = min(request.page_size, MAX_PAGE) or DEFAULT_PAGE
        more = entries[size - 1].name if len(entries) > size else ""
        return pb.ListWorkflowsResponse(entries=entries[:size], next_page_token=more)

    async def GetScriptKey(self, request: pb.GetScriptKeyRequest, context: Any) -> pb.GetScriptKeyResponse:
        """Give the key of what travels between a call and its registered workflow."""
        user = current_user()
        require_scope(user, RUN_SCRIPTS)
        return pb.GetScriptKeyResponse(subkey=await self._keys.give(user.tenant, request.call_id, actor_of(user)))
