import pytest

from cordboard.cli.demo.question import Remark, blames_the_line, what_is_asked
from cordboard.cli.demo.script import Ask


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Hello, this is Riverside Clinic. May we record this call?", Ask.CONSENT),
        ("This call may be recorded. Is that OK with you?", Ask.CONSENT),
        ("Thank you. What is the reason for your call?", Ask.REASON),
        ("Thanks. How can I help you today?", Ask.REASON),
        ("I am sorry to hear that. May I have your full name?", Ask.NAME),
        ("Could you tell me your name, please?", Ask.NAME),
        ("Thank you, Maria. What number can we reach you at?", Ask.CALLBACK_NUMBER),
        ("What is the best phone number to call you back", Ask.CALLBACK_NUMBER),
        ("Is it urgent, or can it wait a few days?", Ask.URGENCY),
        ("How soon do you need to be seen?", Ask.URGENCY),
        ("I have Tuesday at 10:30 a.m. or Wednesday at 2 p.m. Which one works for you?", Ask.SLOT),
        ("Would Tuesday at ten thirty work for you?", Ask.SLOT),
        ("So that is Maria Lopez, 555-013-2476. Is that correct?", Ask.CONFIRM),
        ("Your number is 555-013-2476, is that right?", Ask.CONFIRM),
        ("You are booked for Tuesday. Is there anything else I can help you with?", Ask.ANYTHING_ELSE),
        ("Sorry, I did not catch that. Could you say that again?", Remark.REPEAT),
        ("Sorry, I did not catch that. What is your name?", Ask.NAME),
        ("You are all set. Have a nice day. Goodbye!", Remark.GOODBYE),
        ("One moment while I look that up.", Remark.STATEMENT),
        ("Do you like music?", Remark.UNCLEAR),
        ("Please tell me your name.", Ask.NAME),
        ("", Remark.STATEMENT),
        ("Lakeside Clinic, this is Robin. May we record this call?", Ask.CONSENT),
        ("Sorry, is it okay to record this call?", Ask.CONSENT),
        ("Thank you. What's your name?", Ask.NAME),
        ("Could you spell your name for me?", Ask.SPELLING),
        ("Thanks, Maria. What is the visit about?", Ask.REASON),
        ("In a few words, what should the doctor look at?", Ask.REASON),
        ("Okay. What number can we reach you on?", Ask.CALLBACK_NUMBER),
        ("Please say your phone number, digit by digit.", Ask.CALLBACK_NUMBER),
        ("And the rest?", Remark.REPEAT),
        ("I have 555-013-2476. Is it urgent?", Ask.URGENCY),
        ("I have Wednesday at nine a.m. or Wednesday at ten thirty. Which is better?", Ask.SLOT),
        ("I have Wednesday at nine. Does that work?", Ask.SLOT),
        ("Would you like Wednesday at nine or Thursday at ten?", Ask.SLOT),
        ("You're booked for Wednesday at nine. Anything else?", Ask.ANYTHING_ELSE),
        ("See you then. Goodbye.", Remark.GOODBYE),
        ("Of course. One moment, I'll get someone for you.", Remark.STATEMENT),
        ("Are you still there?", Remark.REPEAT),
        ("Lakeside Clinic, this is Robin, may we record this call.", Ask.CONSENT),
        ("I have 555-013-2476. Is it urgent", Ask.URGENCY),
        ("You're booked for tomorrow at 10, anything else.", Ask.ANYTHING_ELSE),
        ("I have tomorrow at 10 or tomorrow at 10:30, which is better.", Ask.SLOT),
    ],
)
def test_the_last_question_of_a_turn_decides_what_is_asked(text: str, asked: Ask | Remark) -> None:
    assert what_is_asked(text) is asked


@pytest.mark.parametrize(
    ("text", "blames"),
    [
        ("Sorry, the line dropped for a moment. What's your name?", True),
        ("Sorry, the line dropped.", True),
        ("Sorry, we got cut off: the connection was lost.", True),
        ("Sorry, I didn't get that. What's your name?", False),
        ("What number can we reach you on? Someone will call you back.", False),
    ],
)
def test_an_agent_that_was_away_says_so(text: str, blames: bool) -> None:
    assert blames_the_line(text) is blames
