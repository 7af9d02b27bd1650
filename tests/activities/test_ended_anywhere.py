"""A call that ended in any phase is wrapped up with what there is of it, and what is missing has a name."""

import uuid

import call_story
import pytest
from call_story import Story
from captured_call import TENANT, CapturedCall, packets, tone
from temporalio.testing import ActivityEnvironment
from wrapped_call import record, transcript_of, word

from cordboard.activities.outcome.call_outcome import CallOutcome
from cordboard.activities.outcome.local_analyst import LocalAnalyst
from cordboard.activities.outcome.memory_outcome_store import MemoryOutcomeStore
from cordboard.activities.redaction.engine import RedactionEngine
from cordboard.activities.wrap_up.redact_stage import RedactStage
from cordboard.activities.wrap_up.speech.heard_word import ScriptedTranscriber
from cordboard.call.v1.decisions_pb2 import CallFailed
from cordboard.core.phases import FINAL

PLACES = call_story.STORIES | {
    name: getattr(call_story, name.upper())
    for name in ("offered", "alerting", "intake", "engaged", "recorded", "talked", "queued", "ringing", "gathering")
}
PLACES |= {"transferring": call_story.TRANSFERRING, "voicemail begun": call_story.VOICEMAIL}
UNRECORDED = {"CONSENT_MISSING", "CONSENT_REFUSED", "NOT_RECORDED"}


async def ended(name: str, *, captured: bool) -> CapturedCall:
    """Have a call that ended where a story does, with sound of the caller where it was recorded."""
    call, story = CapturedCall(), Story(PLACES[name])
    opened = await call.ledger.open_call(
        tenant=TENANT, request_id=str(uuid.uuid4()), args_digest=bytes(32), vertical="healthcare"
    )
    call.call_id = opened.call_id
    await call.decide(*(event for event, _ in story.log))
    if story.now.phase not in FINAL:
        await call.decide(CallFailed(reason="NODE_LOST"))
    if captured:
        await call.capture(next(iter(story.now.legs)).leg_id, packets(tone(6, at=2.0, length=1.0), 0))
        await call.end_capture()
    return call


@pytest.mark.parametrize("captured", [True, False], ids=["sound", "no sound"])
@pytest.mark.parametrize("name", sorted(PLACES))
async def test_a_call_that_ended_there_is_wrapped_up_with_what_there_is(name: str, captured: bool) -> None:
    call = await ended(name, captured=captured)
    rows, redactor = MemoryOutcomeStore(), RedactionEngine.of_own_rules()
    told, recorded = await record(call)
    heard = await transcript_of(call, told, ScriptedTranscriber([word("Hello.", 0.3, 1.0)]))
    told.objects.extend(heard.objects)
    published = await ActivityEnvironment().run(RedactStage(call.workshop, lambda: redactor).redact, told)
    outcome = CallOutcome(call.workshop, rows, LocalAnalyst(), region="US")
    judged = await outcome.derive(told)
    assert await rows.get(call.call_id, TENANT)
    for report in (recorded, heard, published):
        assert report.objects or report.shortfalls
    missing = {one.reason for report in (recorded, heard, published, judged) for one in report.shortfalls}
    if not captured:
        assert missing & (UNRECORDED | {"NO_AUDIO"})
        assert "TRANSCRIPT_MISSING" in missing
        assert not [key for key in call.store.objects if key.endswith(".json")]
