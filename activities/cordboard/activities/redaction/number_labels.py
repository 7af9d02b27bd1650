"""Words that say what a number is: `my member id is`, `the plate`, `fax`."""

from collections.abc import Iterator
from typing import NamedTuple

from cordboard.activities.redaction.passage import ENDS, Passage
from cordboard.wrap_up.v1 import transcript_pb2 as kinds
from cordboard.wrap_up.v1.transcript_pb2 import Identifier

_PHRASES: dict[Identifier.ValueType, str] = {
    kinds.IDENTIFIER_PHONE: """
        phone|cell|cellphone|mobile|telephone|landline|call me|call me back|call back|callback|call us|call him|
        call her|call them|reach me|reach him|reach her|reached at|text me|home number|work number|my number|
        best number|contact number|her number|his number|their number|area code|dial|phone number|cell number|
        ring me|mobile number|office number|number to call|number to reach|on the phone|number for me|your number|
        our number|daytime number|evening number|emergency number|number for him|number for her|text at|call at|
        the number is
        """,
    kinds.IDENTIFIER_FAX: "fax|faxed|fax it|fax number|fax machine|fax line|faxing",
    kinds.IDENTIFIER_SSN: """
        social|social security|social security number|ssn|s s n|of my social|of your social|of his social|
        of her social|soc|social number
        """,
    kinds.IDENTIFIER_RECORD: """
        medical record|medical record number|mrn|m r n|chart|chart number|patient id|patient number|record number|
        health record|encounter|encounter number|visit number|visit id|prescription number|rx number|r x number|
        prescription|hospital number|specimen number|lab number|patient i d|chart id|rx|accession number|
        medical record is|medical number|record id|hospital id
        """,
    kinds.IDENTIFIER_PLAN: """
        member id|member number|member i d|member|policy|policy number|insurance id|insurance number|insurance card|
        insurance i d|subscriber|subscriber id|subscriber number|group number|group id|medicare|medicare number|
        medicaid|medicaid number|medicare id|medicaid id|plan number|plan id|beneficiary|beneficiary number|
        health plan|blue cross|blue shield|aetna|cigna|humana|kaiser|insurance|coverage|group i d|policy id|
        united healthcare|anthem|tricare|plan i d|subscriber i d|rx bin|bin number|pcn|benefits number|policy is
        """,
    kinds.IDENTIFIER_ACCOUNT: """
        account|account number|three digits|digits are|digits is|cvc|c v c|
        code on the back|acct|card|credit card|debit card|card number|visa|mastercard|amex|american express|
        routing|routing number|bank account|iban|checking|savings account|billing account|cvv|
        security code on the card|billing number|billing id|ends in|ending in|c v v|discover card|gift card|
        loan number|account is|customer number|patient account|guarantor number|three digits on the back|
        invoice number
        """,
    kinds.IDENTIFIER_LICENCE: """
        license|licence|driver's license|drivers license|driver license|license number|licence number|certificate|
        certificate number|certification|certification number|dea|d e a|d e a number|npi|n p i|permit|permit number|
        passport|passport number|dea number|npi number|state id|state i d|green card|visa number|cdl|
        registration certificate|birth certificate|license is|medical license|nursing license|diploma number|
        alien number|credential number|license ends in
        """,
    kinds.IDENTIFIER_VEHICLE: """
        plate|license plate|plates|plate number|licence plate|license plate number|tag number|tags|vin|v i n|
        vin number|v i n number|vehicle|vehicle id|vehicle identification number|vehicle number|car tag|
        registration number|plate is|license plate is|tag is|car's tag|plate reads
        """,
    kinds.IDENTIFIER_DEVICE: """
        serial|serial number|serial is|device|device id|device number|pacemaker|pump|model|model number|implant|
        implant id|lot number|lot|udi|u d i|imei|i m e i|mac address|mac|monitor|meter|machine|implant number|
        defibrillator|stent|sensor|transmitter|hearing aid|device i d|unit number on|serial no|part number|
        equipment number|wheelchair number|valve number|reader number|device serial
        """,
    kinds.IDENTIFIER_IP: "ip|ip address|i p|i p address",
    kinds.IDENTIFIER_BIOMETRIC: """
        voiceprint|voice print|fingerprint|finger print|retina|retinal scan|iris|iris scan|face id|faceprint|
        palm print|biometric|biometric id|fingerprint id|voiceprint id|voice id|palm scan|thumbprint|face scan|
        hand scan|fingerprint template|face template|voice template|biometrics
        """,
    kinds.IDENTIFIER_PHOTO: """
        photo|picture|image|selfie|photograph|photo id|photo number|headshot|snapshot|image number|picture number|
        photo file|picture file|image file|photo called|jpeg|picture named
        """,
    kinds.IDENTIFIER_OTHER: """
        confirmation|confirmation number|confirmation code|reference|reference number|ticket|ticket number|
        order number|tracking number|case number|claim|claim number|pin|pin number|pin code|passcode|badge|
        badge number|employee number|employee id|student id|username|code|code is|id|id number|booking number|
        booking reference|study id|participant number|participant id|work order|incident number|key code|gate code|
        door code|barcode|access code|authorization number|authorization|auth number|approval number|
        referral number|inmate number|locker|employee i d|i d|i d number|student number|tax id|tax i d|ein|
        number is|booking code|donor number|sample id|kit number|verification code|order|last four|last four digits|
        four digits|last five|extension|tracking|case id|unit id|security code|service number
        """,
    kinds.IDENTIFIER_LOCATION: "zip|zip code|zipcode|postal code|post code|zip is|postcode",
    # Numbers that identify nobody.
    kinds.IDENTIFIER_UNSPECIFIED: """
        dose|dosage|weight|height|pressure|temperature|grade|scale|out of|pulse|rate|oxygen|percent|dollars|press|
        option|sugar|glucose|room|floor|weigh|cholesterol|bus|channel|page|question|aisle|number of|at most|
        at least|about|almost|nearly|level|line|step|score|exit|bpm|units|ratio|stage|size|count|reading was|gate|
        hall|table|seat
        """,
}


class Label(NamedTuple):
    """A label's place in a passage and the kind of number it announces."""

    first: int
    last: int
    identifier: Identifier.ValueType

    @property
    def length(self) -> int:
        """How many tokens it has."""
        return self.last - self.first + 1


def _index() -> dict[str, list[tuple[tuple[str, ...], Identifier.ValueType]]]:
    made: dict[str, list[tuple[tuple[str, ...], Identifier.ValueType]]] = {}
    for identifier, phrases in _PHRASES.items():
        for phrase in phrases.split("|"):
            words = tuple(phrase.split())
            made.setdefault(words[-1], []).append((words, identifier))
    for candidates in made.values():
        candidates.sort(key=lambda candidate: -len(candidate[0]))
    return made


_BY_LAST_WORD = _index()


def labels(passage: Passage) -> Iterator[Label]:
    """Give the labels of a passage in order, at each place the longest."""
    for index in range(len(passage)):
        for words, identifier in _BY_LAST_WORD.get(passage.low(index), ()):
            if passage.phrase_ends(index, words):
                yield Label(index - len(words) + 1, index, identifier)
                break


def is_label(word: str) -> bool:
    """Tell whether a word in lower case is a label by itself."""
    return any(len(phrase) == 1 for phrase, _ in _BY_LAST_WORD.get(word, ()))


def ends_between(passage: Passage, first: int, last: int) -> bool:
    """Tell whether a sentence ends between two places."""
    return any(passage.low(index) in ENDS and not _is_inner_dot(passage, index) for index in range(first, last))


def _is_inner_dot(passage: Passage, index: int) -> bool:
    return passage.low(index) == "." and index + 1 < len(passage) and passage.tokens[index + 1].glued
