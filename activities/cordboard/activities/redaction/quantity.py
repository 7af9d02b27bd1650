"""What makes a number a quantity, a time of day or a decimal, and so no identifier."""

from cordboard.activities.redaction.code_runs import CodeRun
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words

UNITS = words(
    """
    milligram milligrams mg mcg microgram micrograms gram grams g kilo kilos kilogram kilograms kg milliliter
    milliliters ml cc liter liters unit units percent dollar dollars buck bucks cent cents degree degrees second
    seconds minute minutes hour hours day days night nights week weeks month months year years time times pound
    pounds lbs lb ounce ounces oz foot feet ft inch inches mile miles meter meters tablet tablets pill pills capsule
    capsules refill refills drop drops dose doses puff puffs cup cups glass glasses beat beats step steps bag bags
    pack packs box boxes people kids children visit visits session sessions stitches shots calories flights blocks
    per over by slash % points carbs grand hundred thousand million bpm calls
    """
)
_CLOCK_ENDS = frozenset({"am", "pm", "o'clock", "oclock", "sharp"})


def is_quantity(passage: Passage, run: CodeRun) -> bool:
    """Tell whether a unit or a comparison follows a run, or money stands before it."""
    after = passage.low(run.last + 1)
    if after in {"over", "by", "slash", "per"}:
        return run.digits <= 3
    return after in UNITS or passage.low(run.first - 1) in {"$", "€", "£"} or after in _CLOCK_ENDS


def is_time_of_day(passage: Passage, run: CodeRun) -> bool:
    """Tell whether a short run is a time of day: `ten thirty`, `3:45`."""
    if ":" in run.separators and run.digits <= 4:
        return True
    after = {passage.low(run.last + 1), passage.low(run.last + 2)}
    if after & _CLOCK_ENDS or passage.phrase_starts(run.last + 1, ("in", "the")):
        return run.digits <= 4
    return run.digits <= 4 and not run.one_by_one and passage.low(run.first - 1) in {"at", "around", "about", "by"}
