"""Names that are spelled: `l o p e z`, `n a double k a r i`, `b as in boy r a n d t`."""

from collections.abc import Iterator

from cordboard.activities.redaction.code_runs import code_runs
from cordboard.activities.redaction.finding import LIKELY, SHAPED, Finding, tokens_finding
from cordboard.activities.redaction.passage import Passage
from cordboard.activities.redaction.word_sets import words
from cordboard.wrap_up.v1 import transcript_pb2 as kinds

_ABBREVIATIONS = words(
    """
    mri ekg ecg eeg emg er iv ct cpap bipap copd adhd add ptsd ocd ent tsh hiv std sti icu nicu picu asap faq usa
    pdf vpn cbd thc ibs uti gerd gi obgyn hmo ppo epo pcp dob ssn vin url mrn npi dea dmv irs rsvp atm gps dna rna
    dui ac bmi ldl hdl cbc cmp psa pcr ap gp rn lpn np pa cna cvs hr it ok tv pc mac usb sms hsa fsa eob cobra snap
    wic va ssi ssdi aaa aarp abc abcs dna bp crp inr ptt tb hpv rsv mrsa cdc fda hipaa als ms dvt pe tia cva chf cad
    afib lasik tmj acl mcl pcos pms ivf iud lgbt bpm otc prn bid tid qid npo uv spf gyn ob nyc dc dot cdl imei ip
    mac npi dea ein ssn id ups usps fmla nda llc inc lpr ead fax fax
    """
)
_SPELLING = words("spelled spelling spell spells letters letter spelt")


class SpelledName:
    """Finds words said letter by letter, which callers do with names."""

    name = "spelled_name"

    def find(self, passage: Passage) -> Iterator[Finding]:
        """Give each run of three letters or more; abbreviations that callers say are left."""
        for run in code_runs(passage):
            if run.digits or run.letters < 3 or any(atom.style == "written" for atom in run.atoms):
                continue
            told = any(passage.low(index) in _SPELLING for index in range(run.first - 5, run.first))
            explained = any(passage.low(index) in {"as", "like", "for"} for index in range(run.first, run.last + 1))
            if run.value in _ABBREVIATIONS and not told:
                continue
            weight = SHAPED if told or explained else LIKELY
            yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_NAME, self.name, weight)
        yield from _hyphened(passage)


def _hyphened(passage: Passage) -> Iterator[Finding]:
    """Give two letters that a speaker announces: `my last name is spelled x u`."""
    for run in code_runs(passage):
        told = any(passage.low(index) in _SPELLING for index in range(run.first - 3, run.first))
        if told and not run.digits and run.letters == 2:
            yield tokens_finding(passage, run.first, run.last, kinds.IDENTIFIER_NAME, SpelledName.name, SHAPED)
