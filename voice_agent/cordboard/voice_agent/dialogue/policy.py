"""The dialogue policy: pure functions from a state and what happened to a move.

begin               the agent joins a call; rejoining.py has what follows when another instance left it
announce            the agent joins to say one line
hear                the caller said something
settle_tool         a tool call ended
fall_silent         the caller says nothing
played              a reply was heard, or cut off by the caller
"""

from dataclasses import replace
from datetime import date

from cordboard.call.v1.call_pb2 import TalkOutcome
from cordboard.voice_agent.dialogue import booking_steps, intake
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Move, Stage, ToolOutcome, Utterance
from cordboard.voice_agent.dialogue.draft import Draft, expectation
from cordboard.voice_agent.dialogue.expectation import Expectation
from cordboard.voice_agent.dialogue.rejoining import catch_up
from cordboard.voice_agent.dialogue.slot_learning import learn
from cordboard.voice_agent.dialogue.words import affirms, content_words, find_phrase, says, words_of
from cordboard.voice_agent.profile import Profile, RedLine

# Below this the words are a guess.
LEAST_CONFIDENCE = 0.4
SILENCES = 2

_GOODBYE = (
    "bye",
    "goodbye",
    "good bye",
    "bye bye",
    "have to go",
    "gotta go",
    "got to go",
    "hang up",
    "talk to you later",
)
_REPEAT = (
    "repeat that", "say that again", "say it again", "come again", "what was that", "what did you say", "pardon",
    "didn't catch that", "didn't hear you", "couldn't hear you", "can you repeat", "could you repeat", "what's that",
)  # fmt: skip
_BARE_REPEAT = frozenset({("sorry",), ("what",), ("excuse", "me"), ("huh",), ("again",), ("sorry", "what")})
_WAIT = (
    "hold on", "one moment", "just a moment", "one second", "just a second", "give me a second", "give me a moment",
    "wait a minute", "wait a second", "one minute", "just a minute", "let me check", "let me look", "hang on",
    "bear with me", "let me think",
)  # fmt: skip


def begin(profile: Profile, call_id: str, *, ask_consent: bool, today: date | None = None) -> Move:
    """Greet, and ask the first question."""
    draft = Draft(profile, DialogueState(call_id=call_id, today=today))
    draft.line("greeting")
    intake.begin_to_ask(draft, ask_consent=ask_consent)
    return draft.move()


def announce(profile: Profile, call_id: str, clauses: tuple[str, ...]) -> Move:
    """Say a line to a caller who waited for somebody else, and end; what the caller says meanwhile changes nothing."""
    draft = Draft(profile, DialogueState(call_id=call_id))
    draft.say(clauses)
    draft.end(TalkOutcome.TALK_OUTCOME_DONE)
    return draft.move()


def hear(profile: Profile, state: DialogueState, utterance: Utterance) -> Move:
    """Answer one turn of the caller."""
    draft = Draft(profile, replace(state, turn=state.turn + 1, ordinal=0, silences=0))
    if state.is_over:
        return draft.move()
    text = utterance.text
    words = words_of(text)
    meant_for_another = state.catching_up or utterance.started_us < state.asked_us
    if red_line := _red_line(profile, words):
        intake.touch(draft, red_line)
    elif answer := _answer(profile, words):
        draft.say(answer)
        intake.ask_again(draft)
    elif any(affirms(words, phrase) for phrase in profile.escalation.person_phrases):
        if not meant_for_another:
            _learn_beside(draft, text)
        intake.hand_over(draft, "person_asked_for", "Asked for a person")
    elif any(affirms(words, phrase) for phrase in profile.escalation.change_phrases) and state.stage is not Stage.OFFER:
        intake.hand_over(draft, "person_asked_for", "Wants to change an appointment")
    elif state.consent and state.stage is not Stage.CONSENT and intake.withdraws_consent(text):
        intake.withdraw_consent(draft)
    elif meant_for_another:
        catch_up(draft)
    elif utterance.confidence < LEAST_CONFIDENCE:
        intake.misunderstood(draft)
    elif says(words, *_REPEAT) or content_words(text) in _BARE_REPEAT:
        draft.say(state.last_said or state.last_question)
        draft.update(question_heard=True)
    elif says(words, *_WAIT) and len(words) <= 8:
        draft.line("take_your_time")
    elif says(words, *_GOODBYE):
        intake.farewell(draft)
    else:
        _by_stage(draft, text)
    return draft.move()


def stands_by_itself(profile: Profile, text: str) -> bool:
    """Tell whether a text is understood whatever was asked: danger, a question, or the wish for a person."""
    words = words_of(text)
    wishes = (*profile.escalation.person_phrases, *profile.escalation.change_phrases)
    return (
        _red_line(profile, words) is not None
        or bool(_answer(profile, words))
        or any(affirms(words, phrase) for phrase in wishes)
        or intake.withdraws_consent(text)
    )


def settle_tool(profile: Profile, state: DialogueState, outcome: ToolOutcome) -> Move:
    """Go on with the result of a tool. A result that nobody waits for changes nothing."""
    draft = Draft(profile, state)
    if state.is_over or not state.pending or outcome.tool_call_id != state.pending:
        return draft.move()
    draft.update(pending="")
    if state.stage is Stage.BOOKING:
        booking_steps.booked(draft, outcome)
    else:
        booking_steps.found(draft, outcome)
    return draft.move()


def fall_silent(profile: Profile, state: DialogueState) -> Move:
    """Ask twice whether the caller is there, then say goodbye."""
    draft = Draft(profile, state)
    if state.is_over:
        return draft.move()
    draft.update(silences=state.silences + 1, question_heard=True)
    if draft.state.silences <= SILENCES:
        draft.line("are_you_there")
        draft.say(state.last_question if state.stage is not Stage.ANYTHING_ELSE else ())
    else:
        draft.line("nobody_there")
        draft.end(TalkOutcome.TALK_OUTCOME_CALLER_LEFT, because="The caller fell silent")
    move = draft.move()
    # What is asked again stays the question, not `are you still there`.
    return replace(move, state=replace(move.state, last_question=state.last_question))


def fail(profile: Profile, state: DialogueState) -> Move:
    """End the conversation because the agent can no longer hear or speak."""
    draft = Draft(profile, state)
    if not state.is_over:
        draft.end(TalkOutcome.TALK_OUTCOME_FAULT, because="The agent failed", skills=profile.escalation.skills)
    return draft.move()


def played(state: DialogueState, heard: str, *, interrupted: bool, since_us: int = 0) -> DialogueState:
    """Take note of how much was heard of a reply that began at `since_us`: an unheard question has no answer yet."""
    if not state.last_question:
        return state
    wanted = words_of(" ".join(state.last_question))
    # Most of a question is enough to answer it.
    if find_phrase(words_of(heard), wanted[: max(1, len(wanted) * 2 // 3)]) < 0:
        return replace(state, question_heard=False) if interrupted else state
    if not state.catching_up:
        return replace(state, question_heard=True)
    # Who cuts a question off answers it; who began before and goes on while it is heard does not.
    asked_us = 0 if interrupted else since_us
    return replace(state, question_heard=True, catching_up=False, cut_ins=0, asked_us=asked_us)


def taken_up(state: DialogueState) -> DialogueState:
    """Take note that the rest of a reply is said after all."""
    return replace(state, question_heard=True)


def expects(profile: Profile, state: DialogueState) -> Expectation:
    """Tell what kind of answer a state waits for."""
    return expectation(profile, state)


def _by_stage(draft: Draft, text: str) -> None:
    match draft.state.stage:
        case Stage.CONSENT:
            intake.hear_consent(draft, text)
        case Stage.SLOT:
            intake.hear_slot(draft, text)
        case Stage.OFFER:
            intake.hear_offer(draft, text)
        case Stage.ANYTHING_ELSE:
            intake.hear_anything_else(draft, text)
        case _:
            intake.hear_while_waiting(draft, text)


def _learn_beside(draft: Draft, text: str) -> None:
    """Keep what else is said with the wish for a person; the wish itself is not the reason of the call."""
    before = dict(draft.state.values)
    learn(draft, text, asked="")
    wishes = draft.profile.escalation.person_phrases
    kept = {
        name: value if not says(words_of(value), *wishes) else before.get(name, "")
        for name, value in draft.state.values
    }
    draft.update(values=tuple((name, value) for name, value in kept.items() if value))


def _red_line(profile: Profile, words: tuple[str, ...]) -> RedLine | None:
    for rule in profile.escalation.red_lines:
        if any(affirms(words, phrase) for phrase in rule.phrases):
            return rule
    return None


def _answer(profile: Profile, words: tuple[str, ...]) -> tuple[str, ...]:
    for answer in profile.answers:
        if says(words, *answer.phrases):
            return answer.lines
    return ()
