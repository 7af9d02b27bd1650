"""What waits for a voice agent that reads slowly."""

import pytest

from cordboard.core.errors import ConflictError
from cordboard.media.v1.media_node_service_pb2 import AttachAudioResponse, Attached, HeardAudio, Playout
from cordboard.media_node.pcm_port import Attachment


async def read(attachment: Attachment) -> list[AttachAudioResponse]:
    attachment.end()
    return [message async for message in attachment.messages()]


async def test_a_slow_voice_agent_loses_the_oldest_audio_and_no_word_about_its_plays() -> None:
    attachment = Attachment()
    attachment.put(AttachAudioResponse(attached=Attached(media_us=1)))
    attachment.put(AttachAudioResponse(playout=Playout(play_id="p1", state=Playout.STATE_FLUSHED)))
    for number in range(2_000):
        attachment.put(AttachAudioResponse(audio=HeardAudio(media_us=number)))
    messages = await read(attachment)
    assert [one.WhichOneof("message") for one in messages[:3]] == ["attached", "playout", "audio"]
    assert len(messages) == 500
    assert messages[-1].audio.media_us == 1_999


async def test_what_waits_is_read_before_the_end() -> None:
    attachment = Attachment()
    attachment.put(AttachAudioResponse(audio=HeardAudio(media_us=7)))
    attachment.end(replaced=True)
    seen: list[int] = []
    with pytest.raises(ConflictError, match="REPLACED"):
        async for message in attachment.messages():
            seen.append(message.audio.media_us)
    assert seen == [7]
