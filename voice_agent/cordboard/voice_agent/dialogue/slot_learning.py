"""What a turn of the caller tells about the slots: several at once, asked for or not, first said or corrected."""

import re

from cordboard.voice_agent.dialogue.dialogue_state import DialogueState
from cordboard.voice_agent.dialogue.draft import Draft
from cordboard.voice_agent.dialogue.person_name import find_name
from cordboard.voice_agent.dialogue.spoken_digits import all_digits, digit_runs, longest_run
from cordboard.voice_agent.dialogue.urgency_words import NAMES, urgency_of
from cordboard.voice_agent.dialogue.visit_reason import find_reason, is_generic
from cordboard.voice_agent.dialogue.words import content_words, says, words_of
from cordboard.voice_agent.dialogue.yes_no import yes_or_no
from cordboard.voice_agent.profile import SlotKind, SlotRule

_CORRECTIONS = ("no", "actually", "sorry", "wait", "correction", "nope", "wrong", "incorrect")
_DENIALS = (
    "that's wrong", "that is wrong", "not right", "wrong number", "wrong name", "incorrect", "not correct",
    "not my name", "not my number", "a mistake", "misheard", "you got it wrong", "that's not it", "misspelled",
)  # fmt: skip
# So many digits are not said twice within one number.
_PART_OF_NO_OTHER = 5
# Between a wrong and a right number.
_RESTARTS = ("no wait", "no sorry", "i mean", "correction", "scratch that", "sorry", "no")


def corrects(text: str) -> bool:
    """Tell whether a text begins as a correction."""
    return (content_words(text)[:1] != () and content_words(text)[0] in _CORRECTIONS) or says(
        words_of(text), "i said", "i meant"
    )


def denies(text: str) -> bool:
    """Tell whether a text says that what was read back is wrong."""
    return says(words_of(text), *_DENIALS)


def learn(draft: Draft, text: str, asked: str) -> frozenset[str]:
    """Fill every slot that the text tells, and give their names. `asked` is the slot that was asked for."""
    correcting = draft.state.learnt_last if corrects(text) and draft.state.learnt_last != asked else ""
    learnt: set[str] = set()
    for rule in draft.profile.slots:
        wanted = rule.name in (asked, correcting)
        # The `no` of `no, it's five five five ...` was no answer to the question that was asked.
        direct = rule.name == asked and not (correcting and correcting in learnt)
        value = _value(rule, draft.state, text, asked=wanted, direct=direct)
        if not value or (value == draft.state.value(rule.name) and not wanted):
            continue
        if draft.state.value(rule.name) and not wanted and not _may_replace(rule):
            continue
        if rule.kind is SlotKind.PHONE_NUMBER:
            draft.update(digits_held="")
        draft.state = draft.state.with_value(rule.name, value)
        learnt.add(rule.name)
    return frozenset(learnt)


def held_digits(rule: SlotRule, state: DialogueState, text: str) -> str:
    """Give the digits of a number that is not complete yet; empty when it is, or when there are none."""
    digits = _number(rule, state, text, asked=True)
    return digits if digits and len(digits.lstrip("+")) < rule.lengths[-1] else ""


def _may_replace(rule: SlotRule) -> bool:
    # A name or a number outside of its question is only taken when it is introduced as one; a reason is told once.
    return rule.kind in (SlotKind.PERSON_NAME, SlotKind.PHONE_NUMBER, SlotKind.URGENCY)


def _value(rule: SlotRule, state: DialogueState, text: str, *, asked: bool, direct: bool) -> str:
    match rule.kind:
        case SlotKind.PERSON_NAME:
            return find_name(text, asked=asked)
        case SlotKind.PHONE_NUMBER:
            digits = _number(rule, state, text, asked=asked)
            if asked and state.tries:
                digits = _repaired(rule, digits)
            return digits if rule.takes_number(digits) else ""
        case SlotKind.FREE_TEXT:
            return _reason(state, text, asked=asked)
        case SlotKind.URGENCY:
            return NAMES.get(urgency_of(text, asked=direct), "")
        case SlotKind.YES_NO:
            answer = yes_or_no(text) if direct else None
            return "" if answer is None else ("yes" if answer else "no")
        case SlotKind.CHOICE:
            return next((choice for choice in rule.choices if says(words_of(text), choice)), "")


def _reason(state: DialogueState, text: str, *, asked: bool) -> str:
    reason = find_reason(text, asked=asked)
    if reason or not asked or state.tries == 0:
        return reason
    # Asked twice, the caller only wants a visit: that is the reason then.
    wanted = " ".join(content_words(text))
    return wanted if wanted and is_generic(wanted) and yes_or_no(text) is None else ""


def _number(rule: SlotRule, state: DialogueState, text: str, *, asked: bool) -> str:
    said = _after_restart(text, rule.lengths[0])
    if not asked:
        return longest_run(said)
    runs = digit_runs(said)
    digits = ("+" if runs and runs[0].startswith("+") else "") + all_digits(said).replace("+", "")
    if len(longest := longest_run(said)) >= rule.lengths[0]:
        # `I have two phones, the number is ...`: a run that is whole stands for itself.
        digits = longest
    held = state.digits_held
    if not digits or not held or corrects(text):
        return digits
    if digits == held and len(held) >= _PART_OF_NO_OTHER:
        # Asked for the rest the caller says the same again: to them it was whole, so it was misheard.
        return ""
    # A whole number after a part of one is a fresh start, unless the two make up a number with its area code.
    whole = rule.takes_number(digits) and not rule.takes_number(held + digits)
    return digits if whole else held + digits


def _repaired(rule: SlotRule, digits: str) -> str:
    """Take one digit out of a long run of the same: the recogniser likes to hear one too many.

    Only done after the caller was asked to repeat; the number is read back, so that it can be corrected.
    """
    runs = [run.group() for run in re.finditer(r"(\d)\1{3,}", digits)]
    if rule.takes_number(digits) or not runs:
        return digits
    longest = max(runs, key=len)
    repaired = digits.replace(longest, longest[1:], 1)
    return repaired if rule.takes_number(repaired) else digits


def _after_restart(text: str, min_digits: int) -> str:
    lowered = text.lower()
    for marker in _RESTARTS:
        _, found, rest = lowered.rpartition(f" {marker} ")
        if found and len(all_digits(rest)) >= min_digits:
            return rest
    return text
