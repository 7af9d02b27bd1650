"""The same person, number or place has the same tag wherever it is said."""

from cordboard.activities.redaction.tag_book import TagBook
from cordboard.wrap_up.v1 import transcript_pb2 as kinds


def test_parts_of_a_name_and_its_spelling_have_the_tag_of_the_whole() -> None:
    book = TagBook()
    book.learn_people(["maria", "Maria Lopez", "john lopez"])
    tags = [
        book.tag(kinds.IDENTIFIER_NAME, name) for name in ("maria", "Ms. Lopez", "l o p e z", "yeah it's maria lopez")
    ]
    assert tags == ["[NAME-1]"] * 4
    assert book.tag(kinds.IDENTIFIER_NAME, "john") == "[NAME-2]"
    assert book.tag(kinds.IDENTIFIER_NAME, "somebody unheard") == "[NAME-3]"


def test_a_number_is_the_same_spoken_and_written_and_whatever_it_was_taken_for() -> None:
    book = TagBook()
    spoken = book.tag(kinds.IDENTIFIER_PHONE, "five five five oh one double two")
    assert spoken == book.tag(kinds.IDENTIFIER_OTHER, "555-0122") == "[PHONE-1]"
    assert book.tag(kinds.IDENTIFIER_PHONE, "five five five oh one two three") == "[PHONE-2]"


def test_a_date_and_an_address_are_the_same_spoken_and_written() -> None:
    book = TagBook()
    date = book.tag(kinds.IDENTIFIER_DATE, "may fourth nineteen sixty two")
    assert date == book.tag(kinds.IDENTIFIER_DATE, "5/4/1962") == book.tag(kinds.IDENTIFIER_DATE, "May 4th, 1962")
    email = book.tag(kinds.IDENTIFIER_EMAIL, "j dot smith at gmail dot com")
    assert email == book.tag(kinds.IDENTIFIER_EMAIL, "j.smith@gmail.com") == "[EMAIL-1]"


def test_tags_that_stand_in_the_texts_are_not_given_again() -> None:
    book = TagBook(["ask [NAME-4] or [NAME-2]"])
    assert book.tag(kinds.IDENTIFIER_NAME, "maria") == "[NAME-5]"
