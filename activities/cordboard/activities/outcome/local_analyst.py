"""Judges words by rules and a lexicon, in this process and offline."""

from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from cordboard.activities.outcome.analyst import Analysis
from cordboard.activities.outcome.intent_words import intent_of
from cordboard.activities.outcome.sentiment import mood_of, overall
from cordboard.call.v1.outcome_pb2 import TurnSentiment
from cordboard.wrap_up.v1.transcript_pb2 import SPEAKER_AI_AGENT, SPEAKER_CALLER, RedactedTranscript, RedactedUtterance


class LocalAnalyst:
    """Names intents by phrases, and scores turns with VADER (Hutto and Gilbert 2014). Writes no summary of its own."""

    def __init__(self) -> None:
        self._lexicon = SentimentIntensityAnalyzer()

    @property
    def name(self) -> str:
        """Name and version."""
        return f"vaderSentiment {version('vaderSentiment')} + intent phrases"

    async def analyse(self, transcript: RedactedTranscript) -> Analysis:
        """Say what was wanted and how it sounded."""
        said = [one.text for one in transcript.utterances if one.speaker == SPEAKER_CALLER]
        turns = [self._turn(one) for one in transcript.utterances if one.speaker != SPEAKER_AI_AGENT]
        return Analysis(intent=intent_of(said), sentiment=overall(turns), summary="")

    def _turn(self, utterance: RedactedUtterance) -> TurnSentiment:
        score = float(self._lexicon.polarity_scores(utterance.text)["compound"])
        return TurnSentiment(utterance=utterance.ordinal, speaker=utterance.speaker, score=score, mood=mood_of(score))
