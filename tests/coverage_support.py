"""Both probes on a script, in the sandbox, against what plain torch.export says of it."""

from pathlib import Path
from typing import Any

from bench.agreement import OUR_FAULT, Answer, Truth, differences
from tests.probe_support import Said, run_probe


def answer_of(root: Path, name: str, text: str, strict: bool | None = None) -> Answer:
    """What the probes say of the script `name`, and whether either fell short itself."""
    job: dict[str, Any] = {} if strict is None else {"strict": strict}
    whole = run_probe(root, {name: text}, entry=name, kind="whole", **job)
    staged = run_probe(root, {name: text}, entry=name, kind="staged", **job)
    faults = [*faults_of("whole", whole), *faults_of("staged", staged)]
    ended = next((e for e in whole.all("stage_finished") if e.key == "whole"), None)
    if ended is None:
        return Answer(passed=False, faults=[*faults, f"no whole stage\n{whole.log}"])
    failure = ended.failure
    culprit = failure.culprit if failure else None
    return Answer(
        passed=ended.status == "passed",
        category=failure.category if failure else "",
        exception=failure.exception if failure else "",
        place=f"{culprit.file}:{culprit.line}" if culprit else "",
        seconds=ended.seconds,
        replay=ended.replay.status if ended.replay else "",
        unequal=[*unequal_of(whole), *unequal_of(staged)],
        faults=faults,
    )


def faults_of(kind: str, said: Said) -> list[str]:
    """What went wrong in a probe that is not the script's doing."""
    faults = [f"{kind}: the script failed: {e.failure.message}" for e in said.all("failed")]
    if said.status or not said.all("finished"):
        faults.append(f"{kind}: ended with {said.status}\n{said.log}")
    failures = [(e.key, e.failure) for e in said.all("stage_finished") if e.failure]
    faults += [
        f"{kind}: stage {key}: {failure.category}: {failure.message}"
        for key, failure in failures
        if failure.category in OUR_FAULT
    ]
    return faults


def unequal_of(said: Said) -> list[str]:
    """The stages whose program computes otherwise than eager.

    Not the decomposed one: other operators round otherwise, in CLIPSeg past the tolerance.
    """
    return [
        f"{event.key}: {event.replay.why}"
        for event in said.all("stage_finished")
        if event.replay and event.replay.status == "different" and event.key != "decomposed"
    ]


def check(truth: Truth, answer: Answer) -> None:
    """Fail with all that differs, from plain export or from eager."""
    assert not differences(truth, answer), (truth, answer)
    assert not answer.unequal
