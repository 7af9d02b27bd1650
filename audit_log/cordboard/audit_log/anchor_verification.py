"""Compares the record with its anchors, and the anchors with each other and with copies of them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from cordboard.audit_log.anchor_witness import contradictions
from cordboard.audit_log.anchors import Anchor, AnchoredHead, AnchorStore, merkle_root, next_number
from cordboard.audit_log.event_store import EventStore
from cordboard.audit_log.fault import Fault, Progress
from cordboard.audit_log.record import StreamKey

PAGE_ANCHORS = 50
PAGE_HEADS = 1000

Signed = Callable[[bytes, bytes], bool]
"""Tells whether the ledger signed a content with a signature."""


@dataclass(frozen=True, slots=True)
class Anchorage:
    """Where anchors are kept, how they are proven, and copies of them elsewhere."""

    anchors: AnchorStore
    signed: Signed
    copies: Callable[[], Iterable[Anchor]] = tuple

    def verify(self, store: EventStore) -> AsyncIterator[Progress]:
        """Check all anchors; see verify_anchors."""
        return verify_anchors(store, self.anchors, self.signed, self.copies())


async def verify_anchors(
    store: EventStore, anchors: AnchorStore, signed: Signed, copies: Iterable[Anchor] = ()
) -> AsyncIterator[Progress]:
    """Check all anchors; give progress after each page of them, and the totals with the faults at the end.

    Of each stream only the newest contradiction is named. Raises UnavailableError(LEDGER_AWAY).
    """
    progress = Progress()
    before: Anchor | None = None
    digests: dict[int, bytes] = {}
    wrong: dict[StreamKey, Fault] = {}
    while page := await anchors.page(before.number if before is not None else 0, PAGE_ANCHORS):
        faults: list[Fault] = []
        for anchor, heads in page:
            faults += [Fault(None, 0, reason, anchor.number) for reason in _faults(anchor, heads, before, signed)]
            wrong |= await _contradicted(anchors, anchor, heads)
            before, digests[anchor.number] = anchor, anchor.digest()
            progress.anchors, progress.anchored_heads = progress.anchors + 1, progress.anchored_heads + len(heads)
            progress.anchored_position = anchor.position
        yield progress.with_faults(faults)
    faults = [await _named(store, fault) for _, fault in sorted(wrong.items())]
    faults += [Fault(None, 0, reason, number) for number, reason in contradictions(list(copies), digests)]
    yield progress.with_faults(faults)


def _faults(anchor: Anchor, heads: Sequence[AnchoredHead], before: Anchor | None, signed: Signed) -> list[str]:
    number, previous = next_number(before)
    found: list[str] = []
    if anchor.number != number:
        found.append("ANCHOR_GAP")
    elif anchor.previous != previous:
        found.append("ANCHOR_PREV_MISMATCH")
    if len(heads) != anchor.streams or not heads or merkle_root(heads) != anchor.root:
        found.append("ANCHOR_ROOT_MISMATCH")
    if not signed(anchor.content(), anchor.signature):
        found.append("ANCHOR_SIGNATURE")
    return found


async def _contradicted(anchors: AnchorStore, anchor: Anchor, heads: Sequence[AnchoredHead]) -> dict[StreamKey, Fault]:
    found: dict[StreamKey, Fault] = {}
    for at in range(0, len(heads), PAGE_HEADS):
        some = heads[at : at + PAGE_HEADS]
        hashes = await anchors.hashes((head.stream, head.seq) for head in some)
        for head in some:
            there = hashes.get((head.stream, head.seq))
            if there != head.hash:
                reason = "TAIL_CUT" if there is None else "ANCHOR_MISMATCH"
                found[head.stream] = Fault(head.stream, head.seq, reason, anchor.number)
    return found


async def _named(store: EventStore, fault: Fault) -> Fault:
    if fault.stream is None or fault.reason != "TAIL_CUT" or await store.read(fault.stream, 0, 1):
        return fault
    return Fault(fault.stream, fault.seq, "STREAM_MISSING", fault.anchor)
