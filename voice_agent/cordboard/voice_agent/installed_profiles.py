"""The profiles that vertical packs have installed beside this process, so that their lines are ready before a call."""

import logging
from importlib.metadata import entry_points

from cordboard.core.errors import InvalidError
from cordboard.voice_agent.profile import Profile

_log = logging.getLogger(__name__)

GROUP = "cordboard.agent_profiles"


def installed_profiles() -> list[Profile]:
    """Load each entry point of the group: a function that gives a profile's JSON. One that fails is left out."""
    profiles: list[Profile] = []
    for entry in entry_points(group=GROUP):
        try:
            profiles.append(Profile.parse(entry.load()()))
        except (ImportError, AttributeError, OSError, TypeError, InvalidError):
            _log.warning("an installed profile cannot be loaded", extra={"profile": entry.name})
    return profiles
