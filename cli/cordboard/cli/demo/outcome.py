"""The demo's report: what happened, and whether it is true to the script.

The field names are a contract (`cordboard demo --json`). A field whose part is not built is absent, never filled
with something else; a field that should be there and is not is a fault.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from cordboard.call.v1.call_pb2 import CONSENT_GIVEN
from cordboard.cli.demo.capture import capture_report
from cordboard.cli.demo.script import Persona, Script
from cordboard.cli.demo.story import Measured, Story, slot_values
from cordboard.cli.demo.word_error import word_error_rate
from cordboard.media.v1.leg_pb2 import LEG_ROLE_CALLER, LEG_ROLE_HUMAN_AGENT, LegRole

MOST_WORD_ERRORS = 0.25
_SAME_SOUND = 0.75
"""Share of letters in common from which two spellings count as one: nobody hears `Pria` from `Priya`."""
_SMALL_WORDS = frozenset({"a", "an", "the", "my", "i", "is", "it", "of", "on", "in", "to", "for", "and", "with"})


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked about the record after the call."""

    chain_valid: bool
    replay_equals_live: bool
    capture_ok: bool = False


@dataclass(frozen=True, slots=True)
class FarEnds:
    """What the far ends of a call reported of themselves; the agent's is None when no human was asked for."""

    caller: dict[str, Any]
    agent: dict[str, Any] | None = None


def compose(script: Script, far_ends: FarEnds, story: Story, proof: Proof) -> dict[str, Any]:
    """Put the report together from the far ends' own reports, the story and the proofs."""
    caller, agent = far_ends.caller, far_ends.agent
    said = caller["conversation"]["said"]
    heard_by_agents = [utterance.text for utterance in story.heard_by_agent] + (agent["received"] if agent else [])
    said_by_agents = story.said_by_agent + ([line["text"] for line in agent["conversation"]["said"]] if agent else [])
    report: dict[str, Any] = {
        "script": script.title,
        "call_id": caller["call_id"],
        "phases": story.phase_names,
        "talk_outcome": story.outcome,
        "setup_ms": {
            "start_call_rpc": caller["offer_to_answer_ms"],
            "offer_to_first_audio": caller["offer_to_first_audio_ms"],
        },
        "turns": _turns(caller["turns"], said, story.measured),
        "slots": slot_values(story.state.slots),
        "tool_calls": [
            {"name": call.name, "outcome": call.outcome, "attempts": call.attempts} for call in story.state.tool_calls
        ],
        "heard": {
            "caller_by_agent_wer": word_error_rate([line["text"] for line in said], heard_by_agents),
            "agent_by_caller_wer": word_error_rate(said_by_agents, caller["received"]),
        },
        "mos": {"caller": _mos(story, LEG_ROLE_CALLER)},
        "events": story.events,
        "chain_valid": proof.chain_valid,
        "replay_equals_live": proof.replay_equals_live,
    }
    if caller.get("barge_in_ms") is not None:
        report["barge_in_ms"] = caller["barge_in_ms"]
    if agent is not None:
        report["mos"]["agent"] = _mos(story, LEG_ROLE_HUMAN_AGENT)
        report["heard"]["cross_talk_on_hold"] = _cross_talk(caller, agent)
        report["heard"]["music_s"] = caller["music_s"]
    if story.segments:
        report["capture"] = capture_report(story.segments, proof.capture_ok)
    report["faults"] = faults(script, caller, story, report) + _agent_faults(agent, report)
    report["faults"] += _interruption_faults(script, story, report)
    report["ok"] = not report["faults"]
    return report


def complete(report: dict[str, Any], fields: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    """Add what was found of the call after its end."""
    report |= fields
    report["faults"] = [*report["faults"], *faults]
    report["ok"] = not report["faults"]
    return report


def faults(script: Script, caller: dict[str, Any], story: Story, report: dict[str, Any]) -> list[str]:
    """Everything that is not as the script says; empty when all of it worked."""
    found = []
    if not caller.get("ended_well", False):
        found.append(f"the caller's conversation ended with {caller['conversation']['outcome']}")
    if report["phases"][-1:] != ["completed"]:
        found.append(f"the call ended as {(report['phases'] or ['nothing'])[-1]}")
    found += _outcome_faults(script, caller, story)
    found += slot_faults(script.persona, report["slots"])
    for direction in ("caller_by_agent_wer", "agent_by_caller_wer"):
        rate = report["heard"][direction]
        if rate is None or rate > MOST_WORD_ERRORS:
            found.append(f"{direction} is {rate}, at most {MOST_WORD_ERRORS} is allowed")
    if report["setup_ms"]["offer_to_first_audio"] is None:
        found.append("the caller never heard anything")
    if not any(turn["caller_end_to_first_audio_ms"] is not None for turn in report["turns"]):
        found.append("no answer of the agent could be timed")
    if report["mos"]["caller"] is None:
        found.append("no quality was measured on the caller's leg")
    if script.persona.consents and not report.get("capture", {}).get("sha256_ok", False):
        found.append("what was recorded is not in the store as the log says")
    if script.persona.consents and not story.is_captured:
        found.append("a piece of the recording is missing")
    if not script.persona.consents and "capture" in report:
        found.append("a call was captured against the caller's word")
    found += [f"{name} is not true" for name in ("chain_valid", "replay_equals_live") if not report[name]]
    return found


def slot_faults(persona: Persona, slots: dict[str, str]) -> list[str]:
    """What the agent learnt wrong. A name may be spelled as it sounds; a reason must keep its words or their sound."""
    wrong = []
    if not _sounds_like(persona.name, slots["name"]):
        wrong.append("name")
    if re.sub(r"\D", "", slots["callback_number"]) != persona.digits:
        wrong.append("callback_number")
    meant, learnt = _content_words(persona.reason), _content_words(slots["reason"])
    if len(meant & learnt) < len(meant) / 2 and not _sounds_like(persona.reason, slots["reason"]):
        wrong.append("reason")
    if slots["urgency"] != persona.urgency:
        wrong.append("urgency")
    return [f"slot {name} is not what the caller said" for name in wrong]


def _outcome_faults(script: Script, caller: dict[str, Any], story: Story) -> list[str]:
    found = []
    if (story.state.consent == CONSENT_GIVEN) is not script.persona.consents:
        found.append("the caller's answer about recording is not on the record")
    wanted = "wants_human" if script.persona.wants_human else "done"
    if story.outcome != wanted:
        found.append(f"the talk ended with {story.outcome or 'nothing'} instead of {wanted}")
    if script.persona.wants_human and not caller.get("asked_for_human", False):
        found.append("the caller never came to ask for a human")
    calls = story.state.tool_calls
    if not script.persona.wants_human and (not calls or calls[-1].outcome != "ok"):
        found.append("nothing was booked")
    if any(call.outcome not in ("ok", "failed") for call in calls):
        found.append("a tool call has no known outcome")
    return found


def _interruption_faults(script: Script, story: Story, report: dict[str, Any]) -> list[str]:
    found = []
    if script.interrupts_at is not None:
        if "barge_in_ms" not in report:
            found.append("the caller never came to interrupt")
        elif not story.barged_in or not any(reply.heard for reply in story.cut_replies):
            found.append("the interruption is not on the record")
    if not all(reply.is_true for reply in story.cut_replies):
        found.append("what was heard of an interrupted reply is not how it begins")
    return found


def _turns(times: list[dict[str, Any]], said: list[dict[str, Any]], measured: list[Measured]) -> list[dict[str, Any]]:
    """Join the caller's own timing with the agent's stages: a turn's stages were logged before the next line."""
    turns = []
    # What a line interrupts is measured when it falls silent.
    bounds = [*(line["ended"] if line["interrupts"] else line["started"] for line in said), float("inf")]
    for number, time in enumerate(times):
        own = [one for one in measured if bounds[number] <= one.at < bounds[number + 1]]
        turns.append(
            {
                "line": time["line"],
                "caller_end_to_first_audio_ms": time["caller_end_to_first_audio_ms"],
                "talked_over": time["talked_over"],
                "premature": any(one.premature for one in own),
                "split": len(own) > 1 or any(one.split for one in own),
                "stages": own[-1].stages if own else {},
            }
        )
    return turns


def _cross_talk(caller: dict[str, Any], agent: dict[str, Any]) -> int:
    """How much came through while the caller was on hold: turns that the caller heard, frames that the agent heard."""
    begun, ended = agent["held"]
    turns = [turn for turn in caller["conversation"]["heard"] if turn["started"] < ended and turn["ended"] > begun]
    return len(turns) + int(agent["audible_frames_on_hold"])


def _agent_faults(agent: dict[str, Any] | None, report: dict[str, Any]) -> list[str]:
    if agent is None:
        return []
    found = []
    if not agent["ended_well"]:
        found.append(f"the human agent's conversation ended with {agent['conversation']['outcome']}")
    if "agent_connected" not in report["phases"]:
        found.append("no human agent was connected")
    if report["heard"]["cross_talk_on_hold"]:
        found.append("somebody was heard across a hold")
    if not report["heard"]["music_s"]:
        found.append("the caller waited in silence")
    if report["mos"]["agent"] is None:
        found.append("no quality was measured on the agent's leg")
    return found


def _mos(story: Story, role: LegRole.ValueType) -> float | None:
    for leg in story.state.legs:
        if leg.role == role and leg.leg_id in story.mos_by_leg:
            return story.mos_by_leg[leg.leg_id]
    return None


def _sounds_like(said: str, learnt: str) -> bool:
    return SequenceMatcher(None, _letters(said), _letters(learnt)).ratio() >= _SAME_SOUND


def _letters(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalpha())


def _content_words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if word not in _SMALL_WORDS}
