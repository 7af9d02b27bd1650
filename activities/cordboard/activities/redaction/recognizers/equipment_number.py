"""Numbers of vehicles and devices that their look gives away."""

import re
from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.finding import LABELLED, LIKELY, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_VIN = re.compile(r"[a-hj-npr-z0-9]{17}")
_MAC = re.compile(r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b", re.IGNORECASE)
_CARS = words(
    """
    car truck van suv vehicle sedan pickup jeep motorcycle honda toyota ford chevy nissan parked
    """
)
_DEVICES = words(
    """
    pump pacemaker meter monitor device machine implant sensor walker wheelchair cpap defibrillator
    """
)


class EquipmentNumber:
    """Finds vehicle identification numbers, hardware addresses, and codes beside a car or a device."""

    name = "equipment_number"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each number."""
        for match in _MAC.finditer(passage.text):
            yield Finding(match.start(), match.end(), kinds.IDENTIFIER_DEVICE, self.name, LABELLED)
        for run in code_runs(passage):
            mixed = run.digits >= 2 and run.letters >= 2
            near = {passage.low(index) for index in range(run.first - 8, run.first)}
            if _VIN.fullmatch(run.value) and mixed:
                yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_VEHICLE, self.name, LABELLED)
            elif mixed and len(run.value) >= 5 and near & _CARS:
                yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_VEHICLE, self.name, LIKELY)
            elif mixed and len(run.value) >= 5 and near & _DEVICES:
                yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_DEVICE, self.name, LIKELY)
