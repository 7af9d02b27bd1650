import numpy as np

from cordboard.cli.demo.conversation import SaidLine
from cordboard.cli.demo.sound import to_pcm16
from cordboard.cli.demo.sound_in import SoundIn
from cordboard.cli.demo.timing import offer_to_first_audio_ms, turn_times


def _received(*loud: tuple[float, float], until: float) -> SoundIn:
    sound_in = SoundIn()
    for number in range(int(until / 0.02)):
        arrived = (number + 1) * 0.02
        gain = 0.3 if any(start <= arrived < end for start, end in loud) else 0.0
        sound = np.full(960, gain, dtype=np.float32)
        sound_in.add(arrived, number * 960, sound, to_pcm16(sound))
    return sound_in


def test_the_first_audible_frame_after_the_callers_speech_counts() -> None:
    sound_in = _received((0.5, 1.0), (3.0, 3.5), until=4)
    [turn] = turn_times([SaidLine("name", "", 1.5, 2.4)], sound_in)
    assert turn.caller_end_to_first_audio_ms is not None
    assert abs(turn.caller_end_to_first_audio_ms - 600) <= 21
    assert not turn.talked_over


def test_an_answer_before_the_caller_has_finished_is_counted_as_talked_over() -> None:
    sound_in = _received((2.0, 3.0), until=4)
    [turn] = turn_times([SaidLine("name", "", 1.5, 2.4)], sound_in)
    assert turn.talked_over
    assert turn.caller_end_to_first_audio_ms is None


def test_a_line_without_an_answer_has_no_time() -> None:
    sound_in = _received((9.0, 9.5), until=10)
    turns = turn_times([SaidLine("a", "", 1.0, 2.0), SaidLine("b", "", 5.0, 6.0)], sound_in)
    assert turns[0].caller_end_to_first_audio_ms is None
    assert turns[1].caller_end_to_first_audio_ms is not None


def test_set_up_is_measured_from_the_offer_to_the_first_audible_frame() -> None:
    sound_in = _received((0.4, 1.0), until=1)
    measured = offer_to_first_audio_ms(0.1, sound_in)
    assert measured is not None
    assert abs(measured - 300) <= 21
    assert offer_to_first_audio_ms(5.0, sound_in) is None


def test_the_timeline_places_frames_by_their_timestamps_and_leaves_gaps_silent() -> None:
    sound_in = SoundIn()
    sound = np.full(960, 0.5, dtype=np.float32)
    for pts in (96000, 98880):
        sound_in.add(pts / 48000, pts, sound, to_pcm16(sound))
    timeline = sound_in.timeline()
    assert len(timeline) == 2880 + 960
    assert timeline[100] > 0.4
    assert timeline[1500] == 0


def test_sound_is_cut_by_media_time_whenever_it_arrived() -> None:
    sound_in = SoundIn()
    sound = np.full(960, 0.5, dtype=np.float32)
    pcm = to_pcm16(sound)
    sound_in.add(10.0, 0, sound, pcm)
    sound_in.add(10.3, 960, sound, pcm)
    assert abs(sound_in.frames[1].due - 10.02) < 1e-9, "it came late, and belongs to where it was due"
    cut = sound_in.between(9.98, 10.04)
    assert len(cut) == 3 * 960
    assert np.count_nonzero(cut > 0.4) == 2 * 960
    assert cut[-1] == 0
