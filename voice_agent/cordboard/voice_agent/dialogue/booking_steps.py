"""Looking for an appointment, offering it, booking it."""

from dataclasses import replace

from cordboard.call.v1.call_pb2 import TalkOutcome
from cordboard.voice_agent.dialogue.dialogue_state import Stage, ToolOutcome
from cordboard.voice_agent.dialogue.draft import Draft
from cordboard.voice_agent.dialogue.offer import Offer, moment_of, offers_of
from cordboard.voice_agent.dialogue.offer_choice import Wish, choose
from cordboard.voice_agent.profile import Booking

OK = "ok"
UNKNOWN = "unknown"
SLOT_TAKEN = "SLOT_TAKEN"


def find_offers(draft: Draft) -> None:
    """Ask the tool for free appointments, by the caller's wish."""
    wish = draft.state.wish
    latest = max((offer.starts_at for offer in draft.state.offers), default=None)
    draft.update(stage=Stage.FINDING, slot="", chosen=None)
    draft.request(
        _booking(draft).find_tool,
        {
            # Slots that a profile has of its own are part of the wish.
            **draft.state.slots().extra,
            "reason": draft.state.value("reason"),
            "urgency": draft.state.value("urgency"),
            "weekday": wish.weekday,
            "part_of_day": wish.part_of_day,
            "after": latest.isoformat() if wish.later and latest else "",
        },
    )
    draft.update(offers=())


def offer(draft: Draft) -> None:
    """Say which appointments are free."""
    draft.update(stage=Stage.OFFER, slot="", tries=0)
    draft.ask(draft.profile.line("single_offer" if len(draft.state.offers) == 1 else "offers"))


def take_offer(draft: Draft, text: str) -> bool:
    """Book the appointment that a text takes, or look for a better one; False when the text does neither."""
    choice = choose(text, draft.state.offers, draft.state.today)
    if choice is None:
        return False
    draft.update(misunderstandings=0)
    if choice.taken is not None:
        book(draft, choice.taken)
    elif choice.wish is not None:
        draft.update(wish=choice.wish)
        find_offers(draft)
    return True


def book(draft: Draft, chosen: Offer) -> None:
    """Ask the tool to book an appointment."""
    draft.update(stage=Stage.BOOKING, chosen=chosen)
    draft.request(
        _booking(draft).book_tool,
        {
            **draft.state.slots().extra,
            "slot_id": chosen.slot_id,
            "name": draft.state.value("name"),
            "callback_number": draft.state.value("callback_number"),
            "reason": draft.state.value("reason"),
            "urgency": draft.state.value("urgency"),
        },
    )


def found(draft: Draft, outcome: ToolOutcome) -> None:
    """Go on after the tool looked for appointments."""
    if outcome.outcome != OK:
        give_up(draft, "tool_failed", "The calendar could not be reached")
        return
    offers = offers_of(outcome.result)[: _booking(draft).offers_at_a_time]
    if offers:
        draft.update(offers=offers)
        offer(draft)
    elif draft.state.wish != Wish():
        draft.line("no_offers")
        draft.update(wish=Wish())
        find_offers(draft)
    else:
        draft.line("no_offers")
        give_up(draft, "low_confidence", "No appointment is free")


def booked(draft: Draft, outcome: ToolOutcome) -> None:
    """Go on after the tool tried to book. What is not known to be done is never called done."""
    if outcome.outcome == OK:
        chosen = draft.state.chosen
        moment = moment_of(outcome.result.get("starts_at", ""))
        if chosen is not None and moment is not None:
            chosen = replace(chosen, starts_at=moment)
        draft.update(chosen=chosen, booked=chosen.starts_at.isoformat() if chosen else "yes", stage=Stage.ANYTHING_ELSE)
        draft.ask(draft.profile.line("booked"))
    elif outcome.outcome == UNKNOWN:
        give_up(draft, "booking_unknown", "It is not known whether the booking went through")
    elif outcome.reason == SLOT_TAKEN:
        draft.line("offer_taken")
        find_offers(draft)
    else:
        give_up(draft, "tool_failed", "The booking failed")


def give_up(draft: Draft, line: str, because: str) -> None:
    """Give the call to a human because the agent cannot go on."""
    draft.line(line)
    draft.end(TalkOutcome.TALK_OUTCOME_LOW_CONFIDENCE, because=because, skills=draft.profile.escalation.skills)


def _booking(draft: Draft) -> Booking:
    assert draft.profile.booking is not None
    return draft.profile.booking
