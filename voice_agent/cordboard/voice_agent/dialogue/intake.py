"""Consent and the slots: asking, understanding the answers, asking again."""

from cordboard.call.v1.call_pb2 import Consent, TalkOutcome
from cordboard.call.v1.facts_pb2 import ConsentAnswered
from cordboard.voice_agent.dialogue.booking_steps import find_offers, give_up, offer, take_offer
from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Stage
from cordboard.voice_agent.dialogue.draft import Draft, rule_of
from cordboard.voice_agent.dialogue.slot_learning import denies, held_digits, learn
from cordboard.voice_agent.dialogue.visit_reason import find_reason
from cordboard.voice_agent.dialogue.words import affirms, says, words_of
from cordboard.voice_agent.dialogue.yes_no import yes_or_no
from cordboard.voice_agent.profile import RedLine, SlotKind, SlotRule

# Consent that is not clear after two questions is no consent.
CONSENT_TRIES = 2


def wants_consent(state: DialogueState, *, ask_consent: bool) -> bool:
    """Tell whether consent is still to be asked for."""
    return ask_consent and state.consent not in (Consent.CONSENT_GIVEN, Consent.CONSENT_REFUSED)


def begin_to_ask(draft: Draft, *, ask_consent: bool) -> None:
    """Ask for consent when that is wanted and has not been answered, else for the first thing that is not known."""
    if wants_consent(draft.state, ask_consent=ask_consent):
        draft.update(stage=Stage.CONSENT, consent=Consent.CONSENT_ASKED, tries=0)
        draft.ask(draft.profile.line("consent_question"))
    else:
        ask_next(draft)


def missing(draft: Draft) -> SlotRule | None:
    """Give the first slot that is not known."""
    return next((rule for rule in draft.profile.slots if not draft.state.value(rule.name)), None)


def ask_next(draft: Draft) -> None:
    """Go on to the next thing that is not known: a slot, an appointment, and at last anything else."""
    state = draft.state
    if (rule := missing(draft)) is not None:
        tries = state.tries if state.stage is Stage.SLOT and state.slot == rule.name else 0
        # What is asked for as a whole begins anew: digits that were held belong to what was not understood.
        draft.update(stage=Stage.SLOT, slot=rule.name, tries=tries, digits_held="")
        draft.ask((rule.prompts[min(tries, len(rule.prompts) - 1)],))
    elif draft.profile.booking is None or state.booked:
        draft.update(stage=Stage.ANYTHING_ELSE, slot="")
        draft.ask(draft.profile.line("anything_else"))
    elif state.offers:
        offer(draft)
    elif not state.pending:
        find_offers(draft)


def ask_again(draft: Draft) -> None:
    """Ask what was asked last once more, after something else was said."""
    if draft.state.stage in (Stage.FINDING, Stage.BOOKING):
        draft.line("filler")
    elif draft.state.stage is Stage.CONSENT:
        draft.ask(draft.profile.line("consent_question"))
    elif draft.state.stage is Stage.OFFER:
        draft.ask(draft.profile.line("offer_reprompt"))
    else:
        ask_next(draft)


def misunderstood(draft: Draft) -> None:
    """Say that nothing was understood and ask again in other words; a human takes over after the third time."""
    misunderstandings = draft.state.misunderstandings + 1
    draft.update(misunderstandings=misunderstandings, tries=draft.state.tries + 1)
    if misunderstandings >= draft.profile.escalation.misunderstandings:
        give_up(draft, "low_confidence", "The agent did not understand")
        return
    draft.line("not_understood")
    ask_again(draft)


def hear_consent(draft: Draft, text: str) -> None:
    """Understand the answer to the consent question; what else is said is kept."""
    state = draft.state
    answer = yes_or_no(text) if state.question_heard else None
    learn(draft, text, asked="")
    if answer is None:
        tries = state.tries + 1
        draft.update(tries=tries, question_heard=True)
        if tries < CONSENT_TRIES:
            draft.ask(draft.profile.line("consent_reprompt"))
            return
        answer = False
    consent = Consent.CONSENT_GIVEN if answer else Consent.CONSENT_REFUSED
    draft.update(consent=consent, tries=0, misunderstandings=0, stage=Stage.SLOT, slot="", learnt_last="")
    draft.record(ConsentAnswered(given=answer, turn_id=draft.state.turn_id))
    draft.line("consent_given" if answer else "consent_refused")
    ask_next(draft)


def withdraws_consent(text: str) -> bool:
    """Tell whether a text refuses the recording after all."""
    words = words_of(text)
    return says(words, "record", "recording", "recorded") and (
        yes_or_no(text) is False or says(words, "stop", "rather not", "don't want", "do not want", "turn off")
    )


def withdraw_consent(draft: Draft) -> None:
    """Take consent back; one that was refused before is only acknowledged."""
    if draft.state.consent == Consent.CONSENT_REFUSED:
        draft.line("consent_noted")
    else:
        draft.update(consent=Consent.CONSENT_REFUSED)
        draft.record(ConsentAnswered(given=False, turn_id=draft.state.turn_id))
        draft.line("consent_refused")
    ask_again(draft)


def hear_slot(draft: Draft, text: str) -> None:
    """Understand the answer to a slot's question."""
    asked = draft.state.slot
    rule = rule_of(draft.profile, asked)
    doubted = draft.state.learnt_last
    if denies(text) and doubted and not _relearns(draft, text):
        values = tuple((name, value) for name, value in draft.state.values if name != doubted)
        draft.update(values=values, digits_held="", learnt_last="", tries=0)
        ask_next(draft)
        return
    learnt = learn(draft, text, asked)
    asked_number = rule is not None and rule.kind is SlotKind.PHONE_NUMBER and asked not in learnt
    if rule is not None and asked_number and (digits := held_digits(rule, draft.state, text)):
        draft.update(digits_held=digits, misunderstandings=0)
        draft.ask(rule.more or rule.prompts[:1])
        return
    if not learnt:
        _hear_nothing_new(draft, text)
        return
    draft.update(misunderstandings=0, tries=0)
    acknowledge(draft, learnt)
    ask_next(draft)


def acknowledge(draft: Draft, learnt: frozenset[str]) -> None:
    """Say back what was learnt; of several slots the one that is most easily misheard."""
    rules = [rule for rule in draft.profile.slots if rule.name in learnt and rule.acknowledge]
    numbers = [rule for rule in rules if rule.kind is SlotKind.PHONE_NUMBER]
    for rule in (numbers or rules)[:1]:
        draft.say(rule.acknowledge)


def hear_while_waiting(draft: Draft, text: str) -> None:
    """Understand what is said while a tool runs: only corrections count."""
    learnt = learn(draft, text, asked="")
    if learnt:
        draft.line("noted")


def hear_offer(draft: Draft, text: str) -> None:
    """Understand which appointment is taken."""
    learnt = learn(draft, text, asked="")
    if take_offer(draft, text):
        return
    if learnt:
        draft.update(misunderstandings=0)
        acknowledge(draft, learnt)
        ask_again(draft)
        return
    misunderstood(draft)


def hear_anything_else(draft: Draft, text: str) -> None:
    """Understand whether the caller is done."""
    words = words_of(text)
    if learnt := learn(draft, text, asked=""):
        draft.update(misunderstandings=0)
        draft.line("number_noted" if "callback_number" in learnt else "noted")
        draft.ask(draft.profile.line("anything_else"))
        return
    if draft.state.booked and draft.state.value("reason") and find_reason(text, asked=False):
        hand_over(draft, "person_asked_for", "Asks for something more")
        return
    answer = yes_or_no(text)
    if answer is False or says(words, "thank you", "thanks", "all set", "that's everything", "good"):
        farewell(draft)
    elif answer:
        hand_over(draft, "person_asked_for", "Has a further wish")
    else:
        misunderstood(draft)


def farewell(draft: Draft) -> None:
    """Say goodbye. A caller who goes before all is done has left; otherwise all is done."""
    done = bool(draft.state.booked) or (
        draft.profile.booking is None and all(draft.state.value(rule.name) for rule in draft.profile.slots)
    )
    draft.line("farewell" if draft.state.booked else "farewell_unbooked")
    outcome = TalkOutcome.TALK_OUTCOME_DONE if done else TalkOutcome.TALK_OUTCOME_CALLER_LEFT
    draft.end(outcome, because="" if done else "The caller left")


def hand_over(draft: Draft, line: str, because: str) -> None:
    """Give the call to a human because the caller wants that, or because the agent cannot do it."""
    draft.line(line)
    draft.end(TalkOutcome.TALK_OUTCOME_WANTS_HUMAN, because=because, skills=draft.profile.escalation.skills)


def touch(draft: Draft, red_line: RedLine) -> None:
    """Give the call to a human at once: something was said that no machine may deal with."""
    draft.update(values=tuple({**dict(draft.state.values), "urgency": "urgent"}.items()))
    draft.say(red_line.lines)
    draft.end(
        TalkOutcome.TALK_OUTCOME_RED_LINE,
        because=f"Red line: {red_line.name.replace('_', ' ')}",
        red_line=red_line.name,
        skills=red_line.skills or draft.profile.escalation.skills,
    )


def _hear_nothing_new(draft: Draft, text: str) -> None:
    words = words_of(text)
    if any(affirms(words, phrase) for phrase in ("what for", "why")) or not words:
        misunderstood(draft)
        return
    # A greeting is polite and no misunderstanding: the question stands.
    if len(words) <= 4 and says(words, "hi", "hello", "hey", "good morning", "good afternoon", "good evening"):
        ask_again(draft)
        return
    misunderstood(draft)


def _relearns(draft: Draft, text: str) -> bool:
    probe = Draft(draft.profile, draft.state)
    return bool(learn(probe, text, asked=draft.state.learnt_last))
