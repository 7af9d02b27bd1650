"""When a language model may say in plain words what a caller meant, and when its words may be used.

The policy goes on deciding what is asked, said and done: a model only puts what was said into words that the policy's
rules know. Consent, danger and the wish for a person are told from the caller's own words.
"""

from cordboard.voice_agent.dialogue.dialogue_state import DialogueState, Stage, Utterance
from cordboard.voice_agent.dialogue.policy import LEAST_CONFIDENCE, stands_by_itself
from cordboard.voice_agent.dialogue.spoken_digits import all_digits
from cordboard.voice_agent.dialogue.yes_no import is_bare
from cordboard.voice_agent.profile import Profile

_STAGES = frozenset({Stage.SLOT, Stage.OFFER, Stage.ANYTHING_ELSE})


def may_interpret(profile: Profile, state: DialogueState, utterance: Utterance) -> bool:
    """Tell whether an utterance is worth asking about, and free to be put into other words."""
    return (
        profile.interpreted
        and state.stage in _STAGES
        and not state.catching_up
        and utterance.confidence >= LEAST_CONFIDENCE
        and not is_bare(utterance.text)
        and not stands_by_itself(profile, utterance.text)
    )


def usable(text: str, meaning: str) -> bool:
    """Tell whether a meaning adds nothing that can be checked: no digit that was not said."""
    return bool(meaning.strip()) and all_digits(meaning).lstrip("+") in all_digits(text)
