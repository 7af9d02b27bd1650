"""What a process is told by its environment.

Secrets are named by the file that holds them; none stands in the environment or on a command line.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from cordboard.core.errors import InvalidError

PREFIX = "CORDBOARD_"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; each comes from `CORDBOARD_<NAME>`.

    Addresses are `host:port`. A `*_file` names a file that only the process's user can read.
    """

    home: str = ".cordboard"
    instance: str = ""
    listen: str = "127.0.0.1:0"
    http_listen: str = "127.0.0.1:0"
    ledger: str = ""
    gateway: str = ""
    wrap_up: str = ""
    temporal: str = ""
    temporal_namespace: str = "cordboard"
    postgres_url_file: str = ""
    vertical_postgres_url_file: str = ""
    region: str = "US"
    analyst_url: str = ""
    analyst_model: str = ""
    analyst_key_file: str = ""
    speech_url: str = ""
    speech_key_file: str = ""
    asr_model: str = ""
    tts_model: str = ""
    tts_voice: str = "alloy"
    chat_url: str = ""
    chat_key_file: str = ""
    chat_model: str = ""
    s3_endpoint: str = ""
    s3_credentials_file: str = ""
    s3_bucket: str = "cordboard"
    s3_retention_days: str = "0"
    keys_dir: str = ""
    keyring: str = "local"
    kms_key: str = ""
    kms_region: str = ""
    kms_endpoint: str = ""
    kms_credentials_file: str = ""
    otlp_endpoint: str = ""
    tls_cert_file: str = ""
    tls_key_file: str = ""
    tls_ca_file: str = ""
    allow_plaintext: str = ""
    clock_offset: str = "0"
    drain_seconds: str = "3600"
    voice_talks: str = "8"
    log_level: str = "INFO"
    build_id: str = "dev"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings; names that are not set keep their defaults."""
        source = os.environ if environ is None else environ
        given = {
            field.name: source[PREFIX + field.name.upper()]
            for field in fields(cls)
            if PREFIX + field.name.upper() in source
        }
        return cls(**given)

    def require(self, name: str) -> str:
        """Give the setting `name`, or raise InvalidError(SETTING_MISSING) when it is empty."""
        value = str(getattr(self, name))
        if not value:
            raise InvalidError(
                "SETTING_MISSING",
                "a setting that this process needs is not set",
                setting=PREFIX + name.upper(),
            )
        return value

    @property
    def clock_offset_s(self) -> float:
        """How far this process's clock is to be ahead of the machine's, in seconds; for trying out skewed clocks.

        Raises InvalidError(SETTING_INVALID).
        """
        return self._number("clock_offset")

    @property
    def drain_s(self) -> float:
        """For how long a process that is asked to end serves the calls that only it can, in seconds.

        Raises InvalidError(SETTING_INVALID).
        """
        return self._number("drain_seconds")

    @property
    def most_talks(self) -> int:
        """How many calls one voice agent talks in at once. Raises InvalidError(SETTING_INVALID)."""
        return max(1, int(self._number("voice_talks")))

    @property
    def home_path(self) -> Path:
        """The state directory."""
        return Path(self.home).absolute()

    @property
    def keys_path(self) -> Path:
        """The directory of identity keys."""
        return Path(self.keys_dir) if self.keys_dir else self.home_path / "keys"

    @property
    def spool_path(self) -> Path:
        """The directory where this instance spools facts."""
        return self.home_path / "spool" / self.require("instance")

    def _number(self, name: str) -> float:
        try:
            return float(str(getattr(self, name)))
        except ValueError:
            setting = PREFIX + name.upper()
            raise InvalidError("SETTING_INVALID", "it is no number", setting=setting) from None

    def secret(self, name: str) -> str:
        """Give the content of the file that the setting `name` points to, without surrounding space."""
        return Path(self.require(name)).read_text(encoding="utf-8").strip()
