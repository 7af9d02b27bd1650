"""Who may write under which name, read what, and open which keys."""

from cordboard.audit_log.draft import CALL
from cordboard.core.errors import ForbiddenError
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.runtime.identity import ServiceClaims

PHI_READERS = frozenset({"worker", "gateway", "voice-agent", "cli"})
"""Components that may have PHI of events opened."""

JOURNALED_READERS = frozenset({"cli"})
"""Those whose reading of PHI is no part of handling the call, and is itself put on record."""

PURPOSES: dict[str, frozenset[str]] = {
    "worker": frozenset({"temporal"}),
    "gateway": frozenset({"temporal"}),
    "media-node": frozenset({"recording"}),
    # Its facts hold PHI, which its spool keeps sealed.
    "voice-agent": frozenset({"spool"}),
    # To compare a fold of the log with what the workflow itself answers.
    "cli": frozenset({"temporal"}),
}
"""Subkeys that a component may have."""

_LEDGER = "/cordboard.ledger.v1.LedgerService"
_REGISTRY = "/cordboard.registry.v1.NodeRegistryService"
_EVERY_WRITER = frozenset({"gateway", "worker", "media-node", "voice-agent", "cli"})
_NODES = frozenset({"media-node", "voice-agent"})

ALLOWED: dict[str, frozenset[str]] = {
    f"{_LEDGER}/OpenCall": frozenset({"gateway", "worker", "cli"}),
    f"{_LEDGER}/Append": _EVERY_WRITER,
    f"{_LEDGER}/LeaseCursor": frozenset({"gateway", "worker", "cli"}),
    f"{_LEDGER}/CommitCursor": frozenset({"gateway", "worker", "cli"}),
    "/cordboard.ledger.v1.KeyService/": frozenset(PURPOSES),
    f"{_REGISTRY}/Register": _NODES,
    f"{_REGISTRY}/Heartbeat": _NODES,
    f"{_REGISTRY}/Place": frozenset({"gateway", "worker"}),
}
"""Methods that not every component may call."""


def check_source(claims: ServiceClaims, event: NewEvent) -> None:
    """Let a component write under its own name only; the worker also as the workflow of the very call.

    Raises ForbiddenError(SOURCE_NOT_YOURS).
    """
    if names(claims, event.source):
        return
    is_workflow = event.stream.kind == CALL and event.source == f"workflow/{event.stream.id}"
    if is_workflow and claims.component == "worker":
        return
    raise ForbiddenError("SOURCE_NOT_YOURS", "the event's source is not who sends it", source=event.source[:200])


def names(claims: ServiceClaims, source: str) -> bool:
    """Tell whether `component/instance/boot_id` names the caller."""
    own = f"{claims.component}/{claims.instance}/"
    return source.startswith(own) and len(source) > len(own)


def check_phi(claims: ServiceClaims) -> None:
    """Let only some components have PHI opened. Raises ForbiddenError(PHI_NOT_YOURS)."""
    if claims.component not in PHI_READERS:
        raise ForbiddenError("PHI_NOT_YOURS", "the component may not read PHI", component=claims.component)


def check_purpose(claims: ServiceClaims, purpose: str) -> None:
    """Let a component have only its own subkeys. Raises ForbiddenError(PURPOSE_NOT_YOURS)."""
    if purpose not in PURPOSES.get(claims.component, frozenset()):
        raise ForbiddenError("PURPOSE_NOT_YOURS", "the component may not have this subkey", purpose=purpose[:50])
