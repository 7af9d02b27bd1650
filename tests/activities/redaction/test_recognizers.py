"""What each recogniser takes out, and what it leaves."""

import pytest

from cordboard.activities.redaction.finding import Recognizer
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.recognizers.advanced_age import AdvancedAge
from cordboard.activities.redaction.recognizers.asked_answer import AskedAnswer
from cordboard.activities.redaction.recognizers.bare_number import BareNumber
from cordboard.activities.redaction.recognizers.bare_place import BarePlace
from cordboard.activities.redaction.recognizers.day_of_month import DayOfMonth
from cordboard.activities.redaction.recognizers.email_address import EmailAddress
from cordboard.activities.redaction.recognizers.employer import Employer
from cordboard.activities.redaction.recognizers.equipment_number import EquipmentNumber
from cordboard.activities.redaction.recognizers.every import own_recognizers
from cordboard.activities.redaction.recognizers.facility import Facility
from cordboard.activities.redaction.recognizers.holiday import Holiday
from cordboard.activities.redaction.recognizers.ip_address import IpAddress
from cordboard.activities.redaction.recognizers.labelled_code import LabelledCode
from cordboard.activities.redaction.recognizers.month_date import MonthDate
from cordboard.activities.redaction.recognizers.numeric_date import NumericDate
from cordboard.activities.redaction.recognizers.pass_phrase import PassPhrase
from cordboard.activities.redaction.recognizers.person_name import PersonName
from cordboard.activities.redaction.recognizers.place import Place
from cordboard.activities.redaction.recognizers.rare_word import RareWord
from cordboard.activities.redaction.recognizers.spelled_name import SpelledName
from cordboard.activities.redaction.recognizers.street_address import StreetAddress
from cordboard.activities.redaction.recognizers.web_address import WebAddress
from cordboard.activities.redaction.union import union
from cordboard.wrap_up.v1.transcript_pb2 import Identifier


def taken(recognizer: Recognizer, text: str, *asked_for: str) -> list[str]:
    """What a recogniser takes out, as `KIND: words`."""
    passage = Passage(text, [Identifier.Value(f"IDENTIFIER_{kind}") for kind in asked_for])
    return [
        f"{Identifier.Name(span.identifier).removeprefix('IDENTIFIER_')}: {text[span.start : span.end]}"
        for span in union(text, recognizer.find(passage))
    ]


TAKEN: list[tuple[type[Recognizer], str, str]] = [
    (PersonName, "Thanks, Thomas Walker.", "NAME: Thomas Walker"),
    (PersonName, "the policy holder is theodora m banks", "NAME: theodora m banks"),
    (PersonName, "tell him big al called", "NAME: big al"),
    (Facility, "it was at mercy west", "LOCATION: mercy west"),
    (Facility, "i go to valley view baptist on sundays", "LOCATION: valley view baptist"),
    (StreetAddress, "i live in ward six of the city", "LOCATION: ward six"),
    (WebAddress, "my website is bird house by bea dot net", "URL: bird house by bea dot net"),
    (LabelledCode, "my member id is x y z one two three four", "PLAN: x y z one two three four"),
    (
        LabelledCode,
        "call me at six one seven five five five oh one nine nine",
        "PHONE: six one seven five five five oh one nine nine",
    ),
    (LabelledCode, "eight eight one two is my account number", "ACCOUNT: eight eight one two"),
    (LabelledCode, "fax it to double five five oh one triple two", "FAX: double five five oh one triple two"),
    (LabelledCode, "MRN 00482-771", "RECORD: 00482-771"),
    (
        LabelledCode,
        "five five five oh one two three extension four four",
        "PHONE: five five five oh one two three extension four four",
    ),
    (LabelledCode, "my license is s as in sam one two three four", "LICENCE: s as in sam one two three four"),
    (LabelledCode, "zip code four four one one three", "LOCATION: four four one one three"),
    (BareNumber, "it's five five five to three four oh", "PHONE: five five five to three four oh"),
    (BareNumber, "078-05-1120", "SSN: 078-05-1120"),
    (BareNumber, "q w four four seven one", "OTHER: q w four four seven one"),
    (SpelledName, "that's l o p e z", "NAME: l o p e z"),
    (SpelledName, "b as in boy r a n d t", "NAME: b as in boy r a n d t"),
    (EmailAddress, "it's j dot smith at gmail dot com", "EMAIL: j dot smith at gmail dot com"),
    (EmailAddress, "m a r i a at hotmail", "EMAIL: m a r i a at hotmail"),
    (EmailAddress, "write to tina.fay+x@gmail.com please", "EMAIL: tina.fay+x@gmail.com"),
    (WebAddress, "go to lakeside dental dot com slash forms", "URL: lakeside dental dot com slash forms"),
    (WebAddress, "see https://a.example/b?c=1.", "URL: https://a.example/b?c=1"),
    (
        IpAddress,
        "one ninety two dot one sixty eight dot one dot ten",
        "IP: one ninety two dot one sixty eight dot one dot ten",
    ),
    (IpAddress, "ip is 2001:db8::ff00:42:8329", "IP: 2001:db8::ff00:42:8329"),
    (EquipmentNumber, "1HGCM82633A004352", "VEHICLE: 1HGCM82633A004352"),
    (EquipmentNumber, "00:1B:44:11:3A:B7", "DEVICE: 00:1B:44:11:3A:B7"),
    (PassPhrase, "my password is bluebird seven", "OTHER: bluebird seven"),
    (PassPhrase, "it's i m g underscore four dot j p g or rash dot png", "PHOTO: rash dot png"),
    (
        StreetAddress,
        "four twenty one maple avenue apartment three b",
        "LOCATION: four twenty one maple avenue apartment three b",
    ),
    (
        StreetAddress,
        "at 88 Cedar Lane, Springfield, Illinois 62704",
        "LOCATION: 88 Cedar Lane, Springfield, Illinois 62704",
    ),
    (StreetAddress, "p o box four four one", "LOCATION: p o box four four one"),
    (StreetAddress, "near the corner of fifth and madison", "LOCATION: fifth and madison"),
    (Place, "i live in dayton ohio", "LOCATION: dayton ohio"),
    (Place, "out in cuyahoga county", "LOCATION: cuyahoga county"),
    (BarePlace, "she's been seen at willow creek", "LOCATION: willow creek"),
    (Facility, "they sent me from lakeside family clinic", "LOCATION: lakeside family clinic"),
    (Facility, "i had it at saint joseph's", "LOCATION: saint joseph's"),
    (MonthDate, "may fourth nineteen sixty two", "DATE: may fourth nineteen sixty two"),
    (MonthDate, "the third of may", "DATE: the third of may"),
    (MonthDate, "since february", "DATE: february"),
    (DayOfMonth, "on monday the fifteenth", "DATE: monday the fifteenth"),
    (NumericDate, "born on 5/4/1962", "DATE: 5/4/1962"),
    (NumericDate, "d o b oh three twelve eighty one", "DATE: oh three twelve eighty one"),
    (Holiday, "since new year's eve", "DATE: new year's eve"),
    (AdvancedAge, "she is ninety four years old", "DATE: ninety four"),
    (AdvancedAge, "she just turned a hundred and one", "DATE: a hundred and one"),
    (PersonName, "my name is hope young", "NAME: hope young"),
    (PersonName, "this is maria de la cruz calling", "NAME: maria de la cruz"),
    (PersonName, "for my husband carlos", "NAME: carlos"),
    (PersonName, "i see dr green", "NAME: green"),
    (RareWord, "qwerzel was there", "NAME: qwerzel"),
    (Employer, "i work at acme plumbing", "NAME: acme plumbing"),
]


@pytest.mark.parametrize(("recognizer", "text", "expected"), TAKEN, ids=[text for _, text, _ in TAKEN])
def test_an_identifier_is_taken_out_whole(recognizer: type[Recognizer], text: str, expected: str) -> None:
    assert expected in taken(recognizer(), text)


LEFT = [
    "i've had this pain for three weeks",
    "i'm forty two years old",
    "since two thousand nineteen",
    "can i come in at ten thirty",
    "my blood pressure was one forty over ninety",
    "metformin five hundred milligrams twice a day",
    "vitamin b twelve and an a one c of seven point two",
    "two or three times a week",
    "ninety milligrams once a day",
    "i live in ohio",
    "next tuesday in the morning",
    "may i ask how long it takes",
    "the third time it happened",
    "the nurse at the clinic said so",
    "i need an m r i",
    "covid nineteen",
]


@pytest.mark.parametrize("text", LEFT)
def test_what_identifies_nobody_is_left(text: str) -> None:
    assert [found for each in own_recognizers() for found in taken(each, text)] == []


def test_the_whole_answer_to_a_question_for_an_identifier_is_taken_out() -> None:
    assert taken(AskedAnswer(), "it's uh five four sixty two", "DATE") == ["DATE: it's uh five four sixty two"]


@pytest.mark.parametrize("text", ["sorry can you repeat that", "hold on one moment", "yes", ""])
def test_an_answer_that_says_nothing_is_left(text: str) -> None:
    assert taken(AskedAnswer(), text, "DATE") == []


def test_recognisers_have_names_of_their_own() -> None:
    names = [each.name for each in own_recognizers()]
    assert len(set(names)) == len(names) >= 20
