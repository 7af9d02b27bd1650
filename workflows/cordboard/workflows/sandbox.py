"""The sandbox that workflow code runs in."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

_PASSED_THROUGH = (
    # Generated code registers itself in protobuf's pool once per process; re-importing it would clash.
    "cordboard.activity",
    "cordboard.call",
    "cordboard.ledger",
    "cordboard.media",
    "cordboard.options",
    "cordboard.registry",
    "cordboard.voice",
    # Pure by its own import rules; passed through to spare each call the import.
    "cordboard.core",
    "google",
)


def workflow_runner() -> SandboxedWorkflowRunner:
    """Make the runner for workers and replayers: workflow modules are isolated, the contract and core are shared."""
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH))
