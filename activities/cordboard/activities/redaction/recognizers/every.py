"""All recognisers that need nothing but the text."""

from cordboard.activities.redaction.finding import Recognizer
from cordboard.activities.redaction.recognizers.advanced_age import AdvancedAge
from cordboard.activities.redaction.recognizers.asked_answer import AskedAnswer
from cordboard.activities.redaction.recognizers.bare_number import BareNumber
from cordboard.activities.redaction.recognizers.bare_place import BarePlace
from cordboard.activities.redaction.recognizers.day_of_month import DayOfMonth
from cordboard.activities.redaction.recognizers.email_address import EmailAddress
from cordboard.activities.redaction.recognizers.employer import Employer
from cordboard.activities.redaction.recognizers.equipment_number import EquipmentNumber
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


def own_recognizers() -> list[Recognizer]:
    """Give one of each of our recognisers."""
    return [
        AdvancedAge(),
        AskedAnswer(),
        BareNumber(),
        BarePlace(),
        DayOfMonth(),
        EmailAddress(),
        Employer(),
        EquipmentNumber(),
        Facility(),
        Holiday(),
        IpAddress(),
        LabelledCode(),
        MonthDate(),
        NumericDate(),
        PassPhrase(),
        PersonName(),
        Place(),
        RareWord(),
        SpelledName(),
        StreetAddress(),
        WebAddress(),
    ]
