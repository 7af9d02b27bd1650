"""What is known of an incoming stream."""

from media_far_ends import packets

from cordboard.media_node.reception import Arrival, StreamReception


def test_an_orderly_stream_has_no_loss_and_no_jitter() -> None:
    reception = StreamReception()
    for n, packet in enumerate(packets(100)):
        reception.add(packet, n * 20_000)
    counters = reception.counters()
    assert (counters.received, counters.expected, counters.lost, counters.jitter) == (100, 100, 0, 0)


def test_missing_packets_are_counted_as_lost() -> None:
    reception = StreamReception()
    for packet in packets(10)[::3]:
        reception.add(packet, 0)
    assert (reception.counters().received, reception.counters().lost) == (4, 6)


def test_a_late_packet_heals_its_loss() -> None:
    reception = StreamReception()
    said = packets(3)
    for packet in (said[0], said[2], said[1]):
        assert reception.add(packet, 0) is not Arrival.REFUSED
    assert reception.counters().lost == 0


def test_a_repeat_is_refused() -> None:
    reception = StreamReception()
    said = packets(3)
    for packet in said:
        reception.add(packet, 0)
    assert reception.add(said[1], 0) is Arrival.REFUSED
    assert reception.counters().received == 3


def test_a_packet_that_is_too_old_is_refused() -> None:
    reception = StreamReception()
    said = packets(100)
    for packet in said[1:]:
        reception.add(packet, 0)
    assert reception.add(said[0], 0) is Arrival.REFUSED


def test_sequence_numbers_wrap_into_cycles() -> None:
    reception = StreamReception()
    for packet in packets(10, first=65_530):
        reception.add(packet, 0)
    assert reception.counters().highest_sequence == 65_536 + 3
    assert reception.counters().lost == 0


def test_another_ssrc_restarts_the_stream_and_keeps_the_totals() -> None:
    reception = StreamReception()
    for packet in packets(5):
        reception.add(packet, 0)
    assert reception.add(packets(1, first=3_000, ssrc=9)[0], 0) is Arrival.RESTART
    assert (reception.counters().ssrc, reception.counters().received, reception.counters().lost) == (9, 6, 0)


def test_jitter_follows_the_spread_of_arrivals() -> None:
    reception = StreamReception()
    for n, packet in enumerate(packets(1_000)):
        reception.add(packet, n * 20_000 + (n % 2) * 5_000)
    assert 4_000 < reception.counters().jitter_us < 6_000
