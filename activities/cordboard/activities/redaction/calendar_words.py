"""Words of the calendar."""

from cordboard.activities.redaction.word_sets import phrases, words

_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
SHORT_MONTHS = {name[:3]: number for name, number in MONTHS.items() if name != "may"} | {"sept": 9}
WEEKDAYS = words("monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri")
HOLIDAYS = frozenset(
    phrases(
        """
        christmas|christmas eve|christmas day|thanksgiving|thanksgiving day|easter|easter sunday|halloween|
        new year's|new year's eve|new year's day|new years eve|new years day|valentine's day|april fools|
        april fools day|
        april fool's day|valentines day|
        labor day|memorial day|independence day|mother's day|mothers day|father's day|fathers day|st patrick's day|
        saint patrick's day|columbus day|veterans day|veteran's day|hanukkah|passover|ramadan|eid|diwali|
        good friday|ash wednesday|juneteenth|presidents day|president's day|groundhog day|black friday|boxing day|
        mlk day|martin luther king day|palm sunday|yom kippur|rosh hashanah|mardi gras|lunar new year|
        chinese new year
        """
    )
)
LONGEST_HOLIDAY = max(len(words) for words in HOLIDAYS)
BIRTH_LABELS = phrases(
    "date of birth|birth date|birthdate|birthday|d o b|dob|born|born on|birth|expires|expiration|expiration date|"
    "expiry|exp date|birthday on|bday|b day"
)
