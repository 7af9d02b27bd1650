"""Taking up a call that another instance left: what it knew, what it may not have told, what it did not hear out.

resume / recall_tool   the state, from what the log knows
rejoin                 the first words
catch_up               what the caller says before the question was heard again: nothing is learnt from it

What the caller was saying when the other instance died has lost its beginning, and answers a question of the other's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from cordboard.call.v1.call_pb2 import Consent, Urgency
from cordboard.voice_agent.dialogue import booking_steps, intake
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, Stage, ToolOutcome
from cordboard.voice_agent.dialogue.draft import Draft
from cordboard.voice_agent.dialogue.offer import offers_of
from cordboard.voice_agent.dialogue.offer_choice import Wish
from cordboard.voice_agent.dialogue.urgency_words import NAMES
from cordboard.voice_agent.dialogue.words import find_phrase, words_of
from cordboard.voice_agent.profile import Profile, SlotKind

# Who talks into the question more often than this cannot be asked anything.
MOST_CUT_INS = 3


def resume(
    call_id: str, *, turn: int, values: dict[str, str], urgency: Urgency.ValueType, consent: Consent.ValueType,
    today: date | None = None,
) -> DialogueState:  # fmt: skip
    """Make the state of a call that another instance left, from what the log knows."""
    known = {name: value for name, value in values.items() if value}
    if urgency in NAMES:
        known["urgency"] = NAMES[urgency]
    return DialogueState(
        call_id=call_id, today=today, turn=turn, values=tuple(known.items()), consent=consent, catching_up=True
    )


def recall_tool(
    profile: Profile, state: DialogueState, name: str, arguments: dict[str, str], outcome: ToolOutcome
) -> DialogueState:
    """Take note of a tool call of another instance, so that it is waited for or built upon, never repeated."""
    booking = profile.booking
    if booking is None or name not in (booking.find_tool, booking.book_tool):
        return state
    books = name == booking.book_tool
    turn, _, ordinal = outcome.tool_call_id.removeprefix(f"{state.call_id}/").partition("/")
    if turn == str(state.turn) and ordinal.isdecimal():
        # What this instance asks for in the same turn must not take the other one's ids.
        state = replace(state, ordinal=max(state.ordinal, int(ordinal)))
    state = replace(state, stage=Stage.BOOKING if books else Stage.FINDING, pending="", untold=None)
    if books:
        chosen = next((offer for offer in state.offers if offer.slot_id == arguments.get("slot_id")), None)
        state = replace(state, chosen=chosen)
    else:
        wish = Wish(arguments.get("weekday", ""), arguments.get("part_of_day", ""), later="after" in arguments)
        state = replace(state, chosen=None, wish=wish)
    if not outcome.outcome:
        return replace(state, pending=outcome.tool_call_id)
    if outcome.outcome == booking_steps.OK and books:
        state = replace(state, booked=outcome.result.get("starts_at", "yes"))
    elif outcome.outcome == booking_steps.OK:
        state = replace(state, offers=offers_of(outcome.result)[: booking.offers_at_a_time])
    return replace(state, untold=outcome)


def rejoin(
    profile: Profile, state: DialogueState, *, ask_consent: bool, told: Sequence[str] = (), last_said: str = ""
) -> Move:
    """Say one short line, then what may not have been told, then the question that stands.

    `told` is what the caller has heard so far, line by line; `last_said` is the line that the other instance died over
    or after, when that was the last thing said. Who died over the last line of a talk leaves only its end to be told.
    """
    for close in _closings(profile):
        draft = Draft(profile, state)
        close(draft)
        move = draft.move()
        if _was_told(move.clauses, (last_said,)):
            return replace(move, clauses=(), ends_after_speech=False)
    draft = Draft(profile, state)
    draft.line("rejoin")
    _go_on(draft, ask_consent=ask_consent, told=told)
    return draft.move()


def come_back(profile: Profile, state: DialogueState, *, ask_consent: bool, told: Sequence[str] = ()) -> Move:
    """Take the caller back from a human agent: say so where the profile has a line for it, then go on."""
    draft = Draft(profile, state)
    if "welcome_back" in profile.lines:
        draft.line("welcome_back")
    _go_on(draft, ask_consent=ask_consent, told=told)
    return draft.move()


def catch_up(draft: Draft) -> None:
    """Ask anew, and learn nothing; somebody else takes over when that leads nowhere."""
    cut_ins = draft.state.cut_ins + 1
    draft.update(cut_ins=cut_ins)
    if draft.state.pending:
        return
    if cut_ins > MOST_CUT_INS:
        booking_steps.give_up(draft, "low_confidence", "The caller talked into each question")
        return
    draft.line("rejoin")
    if draft.state.stage is Stage.CONSENT:
        draft.ask(draft.profile.line("consent_question"))
    else:
        _go_on(draft, ask_consent=False, told=())


def _closings(profile: Profile) -> Iterator[Callable[[Draft], None]]:
    """Give all the ways in which a talk ends with a last line."""
    yield intake.farewell
    yield partial(intake.hand_over, line="person_asked_for", because="Asked for a person")
    yield from (partial(intake.touch, red_line=red_line) for red_line in profile.escalation.red_lines)
    yield from (
        partial(booking_steps.give_up, line=line, because="The voice agent died over its last line")
        for line in ("low_confidence", "tool_failed", "booking_unknown")
    )


def _go_on(draft: Draft, *, ask_consent: bool, told: Sequence[str]) -> None:
    state = draft.state
    if state.pending:
        draft.line("filler")
        return
    if not state.booked and state.untold is None:
        _read_back(draft, told)
    if state.untold is not None and not intake.wants_consent(state, ask_consent=ask_consent):
        _tell(draft, state.untold, told)
    else:
        intake.begin_to_ask(draft, ask_consent=ask_consent)


def _tell(draft: Draft, outcome: ToolOutcome, told: Sequence[str]) -> None:
    """Go on as if the result had just come: nobody knows whether the other instance got to say what follows."""
    draft.update(untold=None)
    if draft.state.stage is Stage.BOOKING:
        step = booking_steps.booked
    elif outcome.outcome == booking_steps.OK and intake.missing(draft) is not None:
        # What was found waits until all is known again.
        intake.ask_next(draft)
        return
    else:
        step = booking_steps.found
    probe = Draft(draft.profile, draft.state)
    step(probe, outcome)
    if probe.state.booked and _was_told(probe.move().clauses[:1], told):
        draft.state = probe.state
        intake.ask_next(draft)
    else:
        step(draft, outcome)


def _read_back(draft: Draft, told: Sequence[str]) -> None:
    """Say a number back whose reading back the caller did not hear: it is what is most easily misheard."""
    for rule in draft.profile.slots:
        if rule.kind is not SlotKind.PHONE_NUMBER or not draft.state.value(rule.name) or not rule.acknowledge:
            continue
        if not _was_told(Draft(draft.profile, draft.state).say(rule.acknowledge), told):
            draft.say(rule.acknowledge)
            draft.update(learnt_last=rule.name)


def _was_told(clauses: Iterable[str], told: Sequence[str]) -> bool:
    wanted = words_of(" ".join(clauses))
    return bool(wanted) and any(find_phrase(words_of(line), wanted) >= 0 for line in told)
