"""Keeps what is PHI in an outcome sealed under the call's key."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cordboard.call.v1.outcome_pb2 import Outcome
from cordboard.core.errors import InternalError
from cordboard.core.phi import split

PURPOSE: Final = "outcome"
"""Purpose of the call's subkey that outcomes are sealed with."""

_VERSION = b"\x01"
_NONCE = 12


def seal(outcome: Outcome, subkey: bytes) -> tuple[bytes, bytes]:
    """Take an outcome apart: what may stand in clear, and the rest as version, nonce and AES-256-GCM ciphertext."""
    body, sealed = split(outcome)
    nonce = os.urandom(_NONCE)
    ciphertext = AESGCM(subkey).encrypt(nonce, sealed.SerializeToString(deterministic=True), _bound_to(outcome.call_id))
    return body.SerializeToString(deterministic=True), _VERSION + nonce + ciphertext


def unseal(outcome: Outcome, sealed: bytes, subkey: bytes) -> None:
    """Merge what was sealed back into an outcome. Raises InternalError(OUTCOME_DAMAGED)."""
    version, nonce, ciphertext = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    if version != _VERSION:
        raise InternalError("OUTCOME_DAMAGED", "an outcome is sealed in a way that this build does not know")
    try:
        clear = AESGCM(subkey).decrypt(nonce, ciphertext, _bound_to(outcome.call_id))
    except InvalidTag as error:
        raise InternalError("OUTCOME_DAMAGED", "what was sealed of an outcome does not open") from error
    outcome.MergeFromString(clear)


def _bound_to(call_id: str) -> bytes:
    return f"outcome/{call_id}".encode()
