"""What is wrong with a call's record: the rules that `cordboard chaos` judges by."""

from cordboard.cli.chaos.record_faults import (
    counter_faults,
    effect_faults,
    forgotten_slots,
    greetings,
    live_faults,
    numbering_faults,
)

__all__ = ["counter_faults", "effect_faults", "forgotten_slots", "greetings", "live_faults", "numbering_faults"]
