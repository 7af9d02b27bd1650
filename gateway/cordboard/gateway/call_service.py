"""The front door for vertical apps, over gRPC."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from cordboard.call.v1 import call_service_pb2 as pb
from cordboard.call.v1.call_service_pb2_grpc import CallServiceServicer
from cordboard.gateway.access import PHI, READ, actor_of, require_scope
from cordboard.gateway.call_reader import CallReader
from cordboard.gateway.call_starter import CallStarter
from cordboard.gateway.call_steering import CallSteering
from cordboard.gateway.outcome_reader import OutcomeReader
from cordboard.gateway.token_life import while_valid
from cordboard.gateway.transcript_reader import TranscriptReader
from cordboard.runtime.grpc_server import current_user


class CallService(CallServiceServicer):
    """Starts, steers and shows calls for the bearer of the token. Keeps nothing between two requests."""

    def __init__(
        self,
        starter: CallStarter,
        steering: CallSteering,
        reader: CallReader,
        outcomes: OutcomeReader,
        transcripts: TranscriptReader,
    ) -> None:
        self._starter = starter
        self._outcomes = outcomes
        self._transcripts = transcripts
        self._steering = steering
        self._reader = reader

    async def StartCall(self, request: pb.StartCallRequest, context: Any) -> pb.StartCallResponse:
        """Start a call."""
        return await self._starter.start(current_user(), request)

    async def GetCall(self, request: pb.GetCallRequest, context: Any) -> pb.GetCallResponse:
        """Show a call: the fold of its log."""
        user = current_user()
        require_scope(user, READ)
        call = await self._reader.view(request.call_id, user.tenant, with_phi=PHI in user.scopes, reader=actor_of(user))
        return pb.GetCallResponse(call=call)

    async def ListCalls(self, request: pb.ListCallsRequest, context: Any) -> pb.ListCallsResponse:
        """List the tenant's calls."""
        user = current_user()
        require_scope(user, READ)
        calls, next_page = await self._reader.page(user.tenant, request.page_size, request.page_token)
        return pb.ListCallsResponse(calls=calls, next_page_token=next_page)

    async def WatchCall(self, request: pb.WatchCallRequest, context: Any) -> AsyncIterator[pb.WatchCallResponse]:
        """Follow a call's events for as long as the token is valid."""
        user = current_user()
        require_scope(user, READ)
        events = self._reader.watch(
            request.call_id, user.tenant, request.after_seq, with_phi=PHI in user.scopes, reader=actor_of(user)
        )
        async with contextlib.aclosing(events), contextlib.aclosing(while_valid(events, user)) as valid:
            async for envelope in valid:
                yield pb.WatchCallResponse(event=envelope)

    async def EscalateCall(self, request: pb.EscalateCallRequest, context: Any) -> pb.EscalateCallResponse:
        """Ask for a human."""
        await self._steering.steer(current_user(), request)
        return pb.EscalateCallResponse()

    async def HoldLeg(self, request: pb.HoldLegRequest, context: Any) -> pb.HoldLegResponse:
        """Put a leg on hold."""
        await self._steering.steer(current_user(), request)
        return pb.HoldLegResponse()

    async def RetrieveLeg(self, request: pb.RetrieveLegRequest, context: Any) -> pb.RetrieveLegResponse:
        """Take a leg back from hold."""
        await self._steering.steer(current_user(), request)
        return pb.RetrieveLegResponse()

    async def SetRecording(self, request: pb.SetRecordingRequest, context: Any) -> pb.SetRecordingResponse:
        """Start, pause, resume or stop recording."""
        await self._steering.steer(current_user(), request)
        return pb.SetRecordingResponse()

    async def EndCall(self, request: pb.EndCallRequest, context: Any) -> pb.EndCallResponse:
        """End a call."""
        await self._steering.steer(current_user(), request)
        return pb.EndCallResponse()

    async def TransferCall(self, request: pb.TransferCallRequest, context: Any) -> pb.TransferCallResponse:
        """Transfer a call."""
        await self._steering.steer(current_user(), request)
        return pb.TransferCallResponse()

    async def StepTransfer(self, request: pb.StepTransferRequest, context: Any) -> pb.StepTransferResponse:
        """Go on with a transfer."""
        await self._steering.steer(current_user(), request)
        return pb.StepTransferResponse()

    async def AddLeg(self, request: pb.AddLegRequest, context: Any) -> pb.AddLegResponse:
        """Add a leg to a call."""
        return await self._steering.add_leg(current_user(), request)

    async def RemoveLeg(self, request: pb.RemoveLegRequest, context: Any) -> pb.RemoveLegResponse:
        """End a leg."""
        await self._steering.remove_leg(current_user(), request)
        return pb.RemoveLegResponse()

    async def GetOutcome(self, request: pb.GetOutcomeRequest, context: Any) -> pb.GetOutcomeResponse:
        """Show what came of a call."""
        return await self._outcomes.get(current_user(), request)

    async def GetTranscript(self, request: pb.GetTranscriptRequest, context: Any) -> pb.GetTranscriptResponse:
        """Show what was said in a call."""
        return await self._transcripts.get(current_user(), request)

    async def ListFollowUps(self, request: pb.ListFollowUpsRequest, context: Any) -> pb.ListFollowUpsResponse:
        """List calls after which somebody has to do something."""
        return await self._outcomes.follow_ups(current_user(), request)

    async def ResolveFollowUp(self, request: pb.ResolveFollowUpRequest, context: Any) -> pb.ResolveFollowUpResponse:
        """Note that it was done."""
        return await self._outcomes.resolve(current_user(), request)
