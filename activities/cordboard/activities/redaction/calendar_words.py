"""Words of the calendar."""

MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9,
    "october": 10, "november": 11, "december": 12,
}  # fmt: skip
SHORT_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11,
    "dec": 12,
}  # fmt: skip
WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri".split())
HOLIDAYS = frozenset(
    tuple(name.split())
    for name in """
    christmas|christmas eve|christmas day|thanksgiving|thanksgiving day|easter|easter sunday|halloween|
    new year's|new year's eve|new year's day|new years eve|new years day|valentine's day|valentines day|labor day|
    memorial day|independence day|mother's day|mothers day|father's day|fathers day|st patrick's day|
    saint patrick's day|columbus day|veterans day|veteran's day|hanukkah|passover|ramadan|eid|diwali|good friday|
    ash wednesday|juneteenth|presidents day|president's day|groundhog day|black friday|boxing day|mlk day|
    martin luther king day|palm sunday|yom kippur|rosh hashanah|mardi gras|lunar new year|chinese new year""".split("|")
)
LONGEST_HOLIDAY = max(len(words) for words in HOLIDAYS)
BIRTH_LABELS = (
    ("date", "of", "birth"), ("birth", "date"), ("birthdate",), ("birthday",), ("d", "o", "b"), ("dob",), ("born",),
    ("born", "on"), ("birth",), ("expires",), ("expiration",), ("expiration", "date"), ("expiry",), ("exp", "date"),
    ("birthday", "on"), ("bday",), ("b", "day"),
)  # fmt: skip
