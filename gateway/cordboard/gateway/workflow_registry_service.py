"""The door for platform teams' own workflows."""

from typing import Any

from cordboard.core.errors import UnimplementedError
from cordboard.registry.v1 import workflow_registry_service_pb2 as pb
from cordboard.registry.v1.workflow_registry_service_pb2_grpc import WorkflowRegistryServiceServicer


class WorkflowRegistryService(WorkflowRegistryServiceServicer):
    """Answers that this build runs the default script only."""

    async def RegisterWorkflow(self, request: pb.RegisterWorkflowRequest, context: Any) -> pb.RegisterWorkflowResponse:
        """Raise UnimplementedError."""
        raise _unimplemented()

    async def ListWorkflows(self, request: pb.ListWorkflowsRequest, context: Any) -> pb.ListWorkflowsResponse:
        """Raise UnimplementedError."""
        raise _unimplemented()


def _unimplemented() -> UnimplementedError:
    return UnimplementedError("UNIMPLEMENTED", "this build does not register workflows yet")
