import pytest

from cordboard.cli.bench.forward.stamped_speech import StampedSpeech, stamp_of, stamped
from cordboard.media_node.opus import HearingDecoder, level_dbov
from cordboard.media_node.rtp import opus_samples, parse_rtp


def test_a_packet_carries_its_time_to_the_other_end() -> None:
    packet = StampedSpeech(96, 7).packet(123_456_789, 3)
    assert stamp_of(packet) == 123_456_789


def test_a_stamped_packet_is_20_ms_of_sound_to_a_decoder() -> None:
    speech, decoder = StampedSpeech(96, 7), HearingDecoder()
    packets = [parse_rtp(speech.packet(number, number)) for number in range(60)]
    payloads = [packet.payload for packet in packets if packet is not None]
    assert [opus_samples(payload) for payload in payloads] == [960] * 60
    assert max(level_dbov(decoder.decode(payload)) for payload in payloads) > -30


def test_packets_follow_one_another_as_rtp_wants() -> None:
    speech = StampedSpeech(96, 7)
    first, second = (parse_rtp(speech.packet(0, frames)) for frames in (10, 11))
    assert first is not None
    assert second is not None
    assert (second.sequence - first.sequence, second.timestamp - first.timestamp) == (1, 960)
    assert (first.ssrc, first.payload_type) == (7, 96)


def test_a_packet_that_was_encoded_again_has_no_time() -> None:
    assert stamp_of(b"short") is None
    assert stamp_of(bytes(100)) is None


def test_only_packets_of_one_frame_can_be_stamped() -> None:
    with pytest.raises(ValueError, match="exactly one frame"):
        stamped(b"\x49\x00", 1)
