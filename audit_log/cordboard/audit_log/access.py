"""Who may write under which name, read what, and open which keys."""

from typing import Any

from google.protobuf.message import Message

from cordboard.audit_log.draft import CALL
from cordboard.call.v1 import facts_pb2 as facts
from cordboard.call.v1 import wrap_up_facts_pb2 as wrap_up
from cordboard.call.v1.agent_facts_pb2 import AgentStateChanged
from cordboard.call.v1.originate_pb2 import PartyAlerted, PartyDeclined
from cordboard.call.v1.voicemail_pb2 import SilenceHeard
from cordboard.core.errors import ForbiddenError, UnauthenticatedError
from cordboard.core.event_message import EVENT_FILES
from cordboard.core.phi import descriptor_of, nature_of
from cordboard.ledger.v1.envelope_pb2 import NewEvent
from cordboard.options.v1.options_pb2 import NATURE_DECISION
from cordboard.registry.v1.registration_pb2 import ScriptKeyGiven, WorkflowRegistered
from cordboard.runtime.identity import ServiceClaims, TokenVerifier, UserClaims

PHI_READERS = frozenset({"worker", "wrap-up", "gateway", "cli"})
"""Components that may have PHI of events opened."""

JOURNALED_READERS = frozenset({"cli"})
"""Those whose reading of PHI is no part of handling the call, and is itself put on record, for whomever it is."""

PURPOSES: dict[str, frozenset[str]] = {
    # A call's registered workflow shares a key with it that opens nothing else; the gateway hands it to the team.
    "worker": frozenset({"temporal", "script"}),
    "gateway": frozenset({"temporal", "script"}),
    # The facts of these two hold PHI, which their spools keep sealed.
    "media-node": frozenset({"recording", "spool"}),
    "voice-agent": frozenset({"spool"}),
    "wrap-up": frozenset({"temporal", "recording", "transcript", "outcome"}),
    # To compare a fold of the log with what the workflow itself answers, and to open what was captured.
    "cli": frozenset({"temporal", "script", "recording"}),
}
"""Subkeys that a component may have."""

AGENT = "agent"
REGISTRY = "registry"


def _types(*messages: type[Message]) -> frozenset[str]:
    return frozenset(descriptor_of(message()).full_name for message in messages)


FACTS: dict[str, frozenset[str]] = {
    "media-node": _types(
        facts.LegStateChanged,
        facts.MediaCommandApplied,
        facts.MediaCommandRejected,
        facts.VoicePortChanged,
        facts.PlayoutStarted,
        facts.PlayoutEnded,
        facts.QualityMeasured,
        facts.CaptureSegmentStored,
        facts.CaptureEnded,
        facts.DtmfReceived,
        SilenceHeard,
    ),
    "voice-agent": _types(
        facts.UtteranceHeard,
        facts.ReplyPlanned,
        facts.ReplyHeard,
        facts.BargedIn,
        facts.TurnMeasured,
        facts.ConsentAnswered,
        facts.SlotsFilled,
        facts.ToolCallRequested,
        facts.ConversationEnded,
        facts.EngineVersionsReported,
    ),
    # What people at desks do, and what platform teams register and are given.
    "gateway": _types(
        AgentStateChanged, facts.AgentAnsweredOffer, PartyAlerted, PartyDeclined, WorkflowRegistered, ScriptKeyGiven
    ),
    # What routing does with them.
    "worker": _types(AgentStateChanged),
    "wrap-up": _types(
        wrap_up.ObjectStored,
        wrap_up.WrapUpStageDone,
        wrap_up.WrapUpFinished,
        wrap_up.OutcomeOpened,
        wrap_up.TranscriptOpened,
        wrap_up.FollowUpResolved,
        wrap_up.ErasedObjectsRemoved,
    ),
}
"""What each component can know, and so may say under its own name: facts of calls, and of agents."""

AFTER_ERASURE = _types(wrap_up.ErasedObjectsRemoved)
"""What may still be said of a call that was erased: its record is closed for everything else."""

_KINDS = {
    **dict.fromkeys(_types(AgentStateChanged), AGENT),
    **dict.fromkeys(_types(WorkflowRegistered), REGISTRY),
}
"""Facts that stand on streams of another kind than calls."""

DECISIONS = frozenset(
    descriptor.full_name
    for file in EVENT_FILES
    for descriptor in file.message_types_by_name.values()
    if nature_of(descriptor) == NATURE_DECISION
)
"""What only a call's workflow says."""

_LEDGER = "/cordboard.ledger.v1.LedgerService"
_KEY_ADMIN = "/cordboard.ledger.v1.KeyAdminService"
_REGISTRY = "/cordboard.registry.v1.NodeRegistryService"
_READERS = frozenset({"gateway", "worker", "wrap-up", "cli"})
_NODES = frozenset({"media-node", "voice-agent"})

ALLOWED: dict[str, frozenset[str]] = {
    f"{_LEDGER}/OpenCall": frozenset({"gateway", "worker", "cli"}),
    f"{_LEDGER}/Append": frozenset(FACTS),
    f"{_LEDGER}/Read": _READERS,
    f"{_LEDGER}/Subscribe": _READERS,
    f"{_LEDGER}/ListStreams": _READERS,
    f"{_LEDGER}/Verify": frozenset({"cli"}),
    f"{_LEDGER}/ListAnchors": frozenset({"cli"}),
    f"{_LEDGER}/LeaseCursor": frozenset({"worker", "wrap-up"}),
    f"{_LEDGER}/CommitCursor": frozenset({"worker", "wrap-up"}),
    "/cordboard.ledger.v1.KeyService/": frozenset(PURPOSES),
    f"{_KEY_ADMIN}/": frozenset({"cli", "gateway"}),
    f"{_REGISTRY}/Register": _NODES,
    f"{_REGISTRY}/Heartbeat": _NODES,
    f"{_REGISTRY}/Place": frozenset({"gateway", "worker"}),
}
"""Methods that not every component may call."""


def check_event(claims: ServiceClaims, event: NewEvent) -> None:
    """Let a component say under its own name what it can know, and the worker decide as the workflow of the very call.

    Raises ForbiddenError (SOURCE_NOT_YOURS, FACT_NOT_YOURS).
    """
    name = event.event.type_url.rpartition("/")[2]
    if names(claims, event.source):
        allowed = name in FACTS.get(claims.component, frozenset()) and event.stream.kind == _KINDS.get(name, CALL)
    elif claims.component == "wrap-up" and event.stream.kind == CALL and event.source == f"wrap-up/{event.stream.id}":
        # Whichever process runs it, a call has one wrap-up, whose workflow numbers what it says.
        allowed = name in FACTS["wrap-up"]
    elif claims.component == "worker" and event.stream.kind == CALL and event.source == f"workflow/{event.stream.id}":
        allowed = name in DECISIONS
    else:
        raise ForbiddenError("SOURCE_NOT_YOURS", "the event's source is not who sends it", source=event.source[:200])
    # What has no type at all is refused as no event.
    if name and not allowed:
        raise ForbiddenError("FACT_NOT_YOURS", "this source does not say such things there", event_type=name[:200])


def may_follow_erasure(event: NewEvent) -> bool:
    """Tell whether an event may stand on the record of a call that was erased."""
    return event.event.type_url.rpartition("/")[2] in AFTER_ERASURE


def names(claims: ServiceClaims, source: str) -> bool:
    """Tell whether `component/instance/boot_id` names the caller."""
    own = f"{claims.component}/{claims.instance}/"
    return source.startswith(own) and len(source) > len(own)


def check_phi(claims: ServiceClaims) -> None:
    """Let only some components have PHI opened. Raises ForbiddenError(PHI_NOT_YOURS)."""
    if claims.component not in PHI_READERS:
        raise ForbiddenError("PHI_NOT_YOURS", "the component may not read PHI", component=claims.component)


USER_METADATA = "x-cordboard-user"
"""Carries the token of the person or app that a component acts for."""


def user_of(context: Any, users: TokenVerifier, scope: str) -> UserClaims:
    """Give the person or app a call is made for, who must have the scope.

    Raises UnauthenticatedError (TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED), ForbiddenError(SCOPE_MISSING).
    """
    for key, value in context.invocation_metadata() or ():
        if key == USER_METADATA and isinstance(value, str):
            user = users.user(value)
            if scope not in user.scopes:
                raise ForbiddenError("SCOPE_MISSING", "the token lacks a scope", scope=scope)
            return user
    raise UnauthenticatedError("TOKEN_MISSING", "the call does not say for whom it is made")


def actor_of(user: UserClaims) -> str:
    """Name a person or app as the actor of an event."""
    return f"{user.role}/{user.subject}"[:200]


def check_tenant(user: UserClaims, tenant: str) -> None:
    """Let people act for their own tenant only. Raises ForbiddenError(TENANT_NOT_YOURS)."""
    if not tenant or user.tenant != tenant:
        raise ForbiddenError("TENANT_NOT_YOURS", "the token is of another tenant")


def check_purpose(claims: ServiceClaims, purpose: str) -> None:
    """Let a component have only its own subkeys. Raises ForbiddenError(PURPOSE_NOT_YOURS)."""
    if purpose not in PURPOSES.get(claims.component, frozenset()):
        raise ForbiddenError("PURPOSE_NOT_YOURS", "the component may not have this subkey", purpose=purpose[:50])
