"""What became of the events that were numbered: how many are missing from the log, how many stand there twice.

Pure: records and the producers' own counts go in. Each producer numbers its events of a stream from 1, and counts all
that it ever numbered in a place that outlasts it; so a hole is seen, and an end that is missing as well.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cordboard.cli.chaos.record_faults import numbering_faults
from cordboard.ledger.v1.envelope_pb2 import Envelope


@dataclass(frozen=True, slots=True)
class Account:
    """Events lost and events twice, with what is wrong in words."""

    lost: int = 0
    twice: int = 0
    faults: tuple[str, ...] = ()

    @property
    def is_even(self) -> bool:
        """Whether nothing is lost, nothing twice, and nothing out of order."""
        return not (self.lost or self.twice or self.faults)

    def since(self, before: "Account") -> "Account":
        """Give what has come since an earlier account of the same records: each row answers for its own."""
        known = set(before.faults)
        new = tuple(fault for fault in self.faults if fault not in known)
        return Account(max(0, self.lost - before.lost), max(0, self.twice - before.twice), new)


def account_of(records: Iterable[Sequence[Envelope]], counted: Mapping[str, int]) -> Account:
    """Compare the records of all calls with what each source has counted itself.

    A source that has counted nothing is judged by the holes in its numbers alone.
    """
    logged: Counter[str] = Counter()
    holes: Counter[str] = Counter()
    twice, faults = 0, []
    for record in records:
        for source, numbers in _numbers(record).items():
            given = set(numbers)
            logged[source] += len(given)
            holes[source] += max(given) - len(given)
            twice += len(numbers) - len(given)
        call_id = record[0].event.stream.id if record else ""
        faults += [f"call {call_id}: {fault}" for fault in numbering_faults(record)]
    lost = 0
    for source in sorted({*logged, *counted}):
        missing = counted.get(source, 0) - logged[source]
        lost += max(holes[source], missing)
        if source in counted and missing:
            faults.append(f"{source} counted {counted[source]}, the log has {logged[source]}")
    return Account(lost, twice, tuple(faults))


def _numbers(record: Sequence[Envelope]) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for envelope in record:
        numbers[envelope.event.source].append(envelope.event.source_seq)
    return numbers
