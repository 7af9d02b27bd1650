"""What producers counted themselves: told as `cordboard chaos` is told it."""

from cordboard.cli.chaos.producer_audit import end_and_count, every_call

__all__ = ["end_and_count", "every_call"]
