"""Where a listener was without sound: the rule that `cordboard chaos` judges by."""

from cordboard.cli.chaos.rtp_gaps import Gap, Packet, gaps_of, less_own_stalls, longest_ms, packets_of

__all__ = ["Gap", "Packet", "gaps_of", "less_own_stalls", "longest_ms", "packets_of"]
