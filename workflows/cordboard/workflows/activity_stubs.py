"""The activities that calls use: names and signatures. Their bodies live in `cordboard.activities`.

An activity raises the engine's errors; the worker turns them into failures whose type is the stable reason.
"""

from temporalio import activity

from cordboard.activity.v1.call_activities_pb2 import (
    AdmitInput,
    AdmitResult,
    AppendResult,
    ApplyCommandsInput,
    ApplyCommandsResult,
    DeliverToolResultInput,
    EngageVoiceInput,
    EngageVoiceResult,
    HandOverRules,
    PinProfileInput,
    PlaceCallbackInput,
    PlaceCallbackResult,
    ReadHandOverInput,
    ReleaseVoiceInput,
    SayLineInput,
)
from cordboard.activity.v1.script_activities_pb2 import InspectScriptInput, ScriptCondition
from cordboard.activity.v1.wrap_up_activities_pb2 import WrapUpInput
from cordboard.call.v1.commands_pb2 import PinProfile
from cordboard.ledger.v1.ledger_service_pb2 import AppendRequest
from cordboard.voice.v1.voice_agent_service_pb2 import SayResponse


@activity.defn
async def admit(admission: AdmitInput) -> AdmitResult:
    """Place a new call, put its first decisions on the log and have the node carry them out.

    A repeat makes the same decisions. Raises what happens before anything is on the log: ExhaustedError(NO_NODE),
    NotFoundError(VERTICAL_UNKNOWN), UnavailableError(LEDGER_AWAY); a refusal by the node is an outcome.
    """
    raise NotImplementedError


@activity.defn
async def append(batch: AppendRequest) -> AppendResult:
    """Put decisions of one call on the log, and give those that stand there under their numbers.

    Raises UnavailableError while the ledger is away.
    """
    raise NotImplementedError


@activity.defn
async def apply_commands(batch: ApplyCommandsInput) -> ApplyCommandsResult:
    """Have the media node carry out commands in order; a refusal is an outcome. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def pin_profile(wanted: PinProfileInput) -> PinProfile:
    """Keep an agent profile's content by its digest. Raises NotFoundError (VERTICAL_UNKNOWN, PROFILE_UNKNOWN)."""
    raise NotImplementedError


@activity.defn
async def read_hand_over(wanted: ReadHandOverInput) -> HandOverRules:
    """Read what a pinned agent profile says about humans taking over. Raises NotFoundError(PROFILE_UNKNOWN)."""
    raise NotImplementedError


@activity.defn
async def engage_voice(engagement: EngageVoiceInput) -> EngageVoiceResult:
    """Choose a voice agent and have it take the talk. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def release_voice(release: ReleaseVoiceInput) -> None:
    """Take the voice agent out of the call; one that is gone already is fine. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def say_line(line: SayLineInput) -> SayResponse:
    """Have the voice agent say a line at the next pause. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def deliver_tool_result(delivery: DeliverToolResultInput) -> None:
    """Hand the result of a tool to the voice agent; a repeat is fine. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def start_wrap_up(call: WrapUpInput) -> None:
    """Start the wrap-up of a call that is over; one that began already is fine. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def inspect_script(script: InspectScriptInput) -> ScriptCondition:
    """Tell how a call's registered workflow does, which the call cannot see by itself. Raises UnavailableError."""
    raise NotImplementedError


@activity.defn
async def place_callback(wanted: PlaceCallbackInput) -> PlaceCallbackResult:
    """Have a call placed to one who was promised it; a repeat places no second one. Raises UnavailableError."""
    raise NotImplementedError


ALL = (
    admit,
    append,
    apply_commands,
    pin_profile,
    read_hand_over,
    engage_voice,
    release_voice,
    say_line,
    deliver_tool_result,
    start_wrap_up,
    inspect_script,
    place_callback,
)
