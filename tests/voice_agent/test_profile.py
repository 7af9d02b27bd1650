"""Profiles: the clinic's one is whole, and what is wrong with another one is named."""

import json

import pytest

from cordboard.core.errors import InvalidError
from cordboard.verticals.healthcare.profile import profile_digest, profile_json
from cordboard.voice_agent.installed_profiles import installed_profiles
from cordboard.voice_agent.profile import Profile, SlotKind


def test_the_clinics_profile_is_whole() -> None:
    profile = Profile.parse(profile_json())

    assert (profile.name, profile.version) == ("front-desk-intake", "1.0.0")
    assert [(slot.name, slot.kind) for slot in profile.slots] == [
        ("name", SlotKind.PERSON_NAME),
        ("reason", SlotKind.FREE_TEXT),
        ("callback_number", SlotKind.PHONE_NUMBER),
        ("urgency", SlotKind.URGENCY),
    ]
    assert profile.booking is not None


def test_the_profile_travels_as_canonical_json() -> None:
    text = profile_json()
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text
    assert len(profile_digest()) == 32


def test_fixed_clauses_are_those_without_blanks_and_the_greeting_comes_first() -> None:
    clauses = Profile.parse(profile_json()).fixed_clauses()

    assert clauses[:2] == ("Lakeside Clinic, this is Robin.", "May we record this call?")
    assert not [clause for clause in clauses if "{" in clause]
    assert len(set(clauses)) == len(clauses)


def test_the_installed_profile_is_found() -> None:
    assert "front-desk-intake" in [profile.name for profile in installed_profiles()]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("lines", "greeting"), []),
        (("lines", "booked"), []),
        (("lines", "farewell_unbooked"), "Goodbye."),
        (("slots",), [{"name": "x", "kind": "colour", "prompts": ["Which?"]}]),
        (("slots",), [{"name": "x", "kind": "free_text", "prompts": []}]),
        (("escalation",), {}),
        (("version",), None),
    ],
)
def test_a_profile_with_a_fault_is_refused(path: tuple[str, ...], value: object) -> None:
    data = json.loads(profile_json())
    place = data
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value

    with pytest.raises(InvalidError, match="PROFILE_UNKNOWN"):
        Profile.parse(json.dumps(data))


def test_another_vertical_may_have_other_slots_and_no_booking() -> None:
    data = json.loads(profile_json())
    del data["booking"]
    data["slots"] = [
        {"name": "name", "kind": "person_name", "prompts": ["Your name?"]},
        {"name": "buying", "kind": "yes_no", "prompts": ["Do you want to buy?"]},
        {"name": "area", "kind": "choice", "prompts": ["City or country?"], "choices": ["city", "country"]},
    ]
    from voice_agent_talk import Talk

    talk = Talk(profile=Profile.parse(json.dumps(data)), ask_consent=False)
    talk.say_all("Ann Lee.", "Yes, I do.", "Somewhere in the country.")
    assert talk.move.state.slots().extra == {"buying": "yes", "area": "country"}
    assert talk.say("No, thanks.").endswith("Goodbye.")
    assert talk.ending is not None
    assert not talk.tools
