"""What a trial says of a remedy, and what stands in the script after it: pure functions."""

from dataclasses import replace
from typing import Any

import pytest

from app.models import Category, RemedyStatus, ReplayStatus, Search
from app.services.options import OptionsError, RunOptions
from workers.answers.trial import Trial, TrialCase
from workers.events import BlockerReport, FailureReport, Frame, Occurrence, OutputDifference
from workers.follow.model import Answer
from workers.follow.remedy_judge import Outcome, Tried, judge
from workers.follow.remedy_state import (
    Standing,
    Stop,
    carried,
    changed_lines,
    matched,
    stop_of_report,
)
from workers.remedies.model import Cause, Edit
from workers.verdict import Trouble

BEFORE = "import torch\n\n\ndef f(x):\n    if x.sum() > 0:\n        x = x + 1\n    return g(x)\n"
AFTER = "import torch\n\n\ndef f(x):\n    x = torch.where(x.sum() > 0, x + 1, x)\n    return g(x)\n"
OWN, OTHER = "the run's own inputs", "zeros"


def report(text: str, line: int, category: Category = Category.DATA_DEPENDENT_BRANCH) -> Any:
    frame = Frame(file="model.py", line=line, function="f", text=text, where="upload")
    failure = FailureReport(
        category=category, exception="E", message="m", culprit=frame, upload=frame
    )
    return BlockerReport(failure=failure, occurrences=[Occurrence()])


BRANCH, GLUE, LATE = report("if x.sum() > 0:", 5), report("return g(x)", 7), report("g2(x)", 20)


def case(inputs: str, status: str = "equal", **fields: Any) -> TrialCase:
    difference = OutputDifference(name="output", max_abs=0.0, max_rel=0.0, equal=status == "equal")
    return TrialCase(inputs=inputs, status=status, outputs=[difference], **fields)  # type: ignore[arg-type]


def standing(*reports: Any, is_clean: bool = True) -> Standing:
    stops = [replace(stop_of_report(one), position=n) for n, one in enumerate(reports, start=1)]
    return Standing({"model.py": BEFORE}, RunOptions(), stops=stops, is_clean=is_clean)


def tried(before: Standing, at: int = 0, kind: str = "rewrite", text: str = AFTER) -> Tried:
    edit = Edit({"model.py": text}, note="It computes both.")
    return Tried(before, before.with_edit(edit, kind), edit, before.stops[at])


def trial(**fields: Any) -> Answer:
    defaults: dict[str, Any] = {"eager": [case(OWN), case(OTHER)]}
    return Answer([Trial(type="trial", **(defaults | fields))], None, 1.0)


EXPORTED = trial(exported=True, replay=[case(OWN), case(OTHER)])


def test_what_exports_and_replays_equal_works() -> None:
    judgement = judge(tried(standing(BRANCH)), EXPORTED)
    assert judgement.outcome is Outcome.WORKS
    assert judgement.status is RemedyStatus.WORKS
    assert (judgement.exported, judgement.replay) == (True, ReplayStatus.EQUAL)
    assert judgement.reason == "It computes both."
    assert judgement.standing.stops == ()
    assert judgement.replay_detail is not None
    assert [one["inputs"] for one in judgement.replay_detail["cases"]] == [OWN, OTHER]


@pytest.mark.parametrize("kind", ["rewrite", "wrap", "request", "pin"])
@pytest.mark.parametrize("phase", ["eager", "replay"])
def test_nothing_that_gives_something_else_works(kind: str, phase: str) -> None:
    wrong = [case(OWN), case(OTHER, "different", why="3 of 4 elements differ")]
    fields = {"replay": [case(OWN)], "exported": True} | {phase: wrong}
    judgement = judge(tried(standing(BRANCH), kind=kind), trial(**fields))
    assert judgement.outcome is Outcome.FAILS
    assert "it gives something else on zeros: 3 of 4 elements differ." in judgement.reason


@pytest.mark.parametrize(
    ("kind", "works"), [("rewrite", False), ("wrap", False), ("request", True), ("pin", True)]
)
def test_who_may_refuse_other_inputs(kind: str, *, works: bool) -> None:
    cases = [case(OWN), case(OTHER, "refused", why="no")]
    answer = trial(eager=cases, replay=cases, exported=True)
    judgement = judge(tried(standing(BRANCH), kind=kind), answer)
    assert (judgement.outcome is Outcome.WORKS) == works
    if works:
        assert judgement.reason == "It computes both. Refused: zeros."
        assert judgement.replay_detail is not None
        assert [one["inputs"] for one in judgement.replay_detail["cases"]] == [OWN]


def test_the_run_s_own_inputs_may_never_be_refused() -> None:
    answer = trial(exported=True, replay=[case(OWN, "refused", why="no")])
    assert judge(tried(standing(BRANCH), kind="pin"), answer).outcome is Outcome.FAILS


def test_a_program_may_refuse_other_sizes_and_the_changed_code_may_not() -> None:
    sizes = case("other sizes", "refused", why="no", other_sizes=True)
    answer = trial(exported=True, replay=[case(OWN), sizes])
    assert judge(tried(standing(BRANCH)), answer).outcome is Outcome.WORKS
    answer = trial(eager=[case(OWN), sizes])
    assert judge(tried(standing(BRANCH)), answer).outcome is Outcome.FAILS


def test_a_pin_below_a_rewrite_keeps_its_leave_to_refuse() -> None:
    before = standing(BRANCH, GLUE).with_edit(Edit(), "pin")
    cases = [case(OWN), case(OTHER, "refused", why="no")]
    answer = trial(eager=cases, exported=True, replay=cases)
    assert judge(tried(before), answer).outcome is Outcome.WORKS


def test_a_culprit_that_is_gone_works_before_the_whole_exports() -> None:
    judgement = judge(tried(standing(BRANCH, GLUE)), trial(blockers=[report("return g(x)", 6)]))
    assert judgement.outcome is Outcome.WORKS
    assert (judgement.exported, judgement.replay) == (False, ReplayStatus.NOT_RUN)
    (left,) = judgement.standing.stops
    assert (left.position, left.cause.line) == (2, 6)


def test_a_culprit_that_is_still_there_does_not_work() -> None:
    judgement = judge(tried(standing(BRANCH, GLUE)), trial(blockers=[BRANCH, GLUE]))
    assert (judgement.outcome, judgement.reason) == (
        Outcome.FAILS,
        "The line still stops the export.",
    )
    assert judgement.failure is not None
    assert (judgement.failure["line"], judgement.failure["text"]) == (5, "if x.sum() > 0:")


def test_of_two_equal_lines_the_one_that_is_left_is_told_by_its_place() -> None:
    text = BEFORE + "    if x.sum() > 0:\n        x = -x\n    return x\n"
    two = standing(BRANCH, report("if x.sum() > 0:", 8))
    two = replace(two, files={"model.py": text})
    changed = text.replace("    if x.sum() > 0:\n        x = x + 1\n", "    x = where(x)\n", 1)
    left = report("if x.sum() > 0:", 7)
    judgement = judge(tried(two, text=changed), trial(blockers=[left]))
    assert judgement.outcome is Outcome.WORKS
    assert [stop.position for stop in judgement.standing.stops] == [2]
    judgement = judge(tried(two, at=1, text=changed), trial(blockers=[left]))
    assert judgement.outcome is Outcome.FAILS


def test_what_the_remedy_itself_wrote_may_not_stop_the_export() -> None:
    own = report("x = torch.where(x.sum() > 0, x + 1, x)", 5)
    judgement = judge(tried(standing(BRANCH)), trial(blockers=[own]))
    assert judgement.outcome is Outcome.FAILS
    assert "what stands in its place stops the export" in judgement.reason


def test_a_new_cause_before_one_that_was_before_does_not_work() -> None:
    new = report("x = h(x)", 2)
    answer = trial(blockers=[new, GLUE])
    judgement = judge(tried(standing(GLUE, BRANCH), at=1), answer)
    assert judgement.outcome is Outcome.FAILS
    assert "the export stops before it" in judgement.reason


def test_a_new_cause_behind_has_moved_where_all_were_known() -> None:
    assert judge(tried(standing(BRANCH)), trial(blockers=[LATE])).outcome is Outcome.MOVED
    unknown = standing(BRANCH, is_clean=False)
    assert judge(tried(unknown), trial(blockers=[LATE])).outcome is Outcome.WORKS


def test_a_process_that_does_not_answer_is_told_as_what_ended_it() -> None:
    over = Answer([], Trouble(Category.TIMEOUT, "It took too long."), 120.0)
    judgement = judge(tried(standing(BRANCH)), over)
    assert judgement.status is RemedyStatus.FAILS
    assert "It took too long." in judgement.reason
    never = Answer([], Trouble.no_time(), 0.0)
    assert judge(tried(standing(BRANCH)), never).status is RemedyStatus.NOT_TRIED


def test_what_could_not_be_compared_was_not_tried() -> None:
    judgement = judge(tried(standing(BRANCH)), trial(why="The changed model has no w.", eager=[]))
    assert judgement.status is RemedyStatus.NOT_TRIED


def test_a_failure_without_a_line_is_never_a_success() -> None:
    answer = trial(failure=BRANCH.failure, blockers=[], complete=Search.STUCK)
    assert judge(tried(standing(BRANCH)), answer).outcome is Outcome.FAILS


def test_a_program_that_was_only_wrong_must_still_export() -> None:
    silent = Stop(Cause(category="mutation", message="self.last is lost", exception=""), "")
    before = Standing({"model.py": BEFORE}, RunOptions(), stops=[silent])
    assert judge(tried(before), trial(blockers=[LATE])).outcome is Outcome.FAILS
    assert judge(tried(before), EXPORTED).outcome is Outcome.WORKS


def test_causes_keep_their_place_through_a_change() -> None:
    before = standing(BRANCH, GLUE).stops
    before = [before[0], replace(before[1], resisted="No remedy.")]
    files = {"model.py": BEFORE}
    after = [stop_of_report(report("return g(x)", 9)), stop_of_report(LATE)]
    after = carried(after, matched(before, after, files, files))
    assert [(one.position, one.resisted) for one in after] == [(2, "No remedy."), (None, "")]


def test_a_cause_is_the_same_by_its_line_its_text_or_its_fingerprint() -> None:
    files = {"model.py": BEFORE}
    one = stop_of_report(BRANCH)
    moved = Stop(replace(one.cause, expression="u0 > 3", line=6), "v1:other")
    assert matched([one], [moved], files, files) == [one]
    elsewhere = replace(moved, cause=replace(moved.cause, function="g"))
    assert matched([one], [elsewhere], files, files) == [None]
    renamed = replace(elsewhere, fingerprint=one.fingerprint)
    assert matched([one], [renamed], files, files) == [one]


def test_changed_lines_are_those_of_the_new_text() -> None:
    assert changed_lines({"model.py": BEFORE}, {"model.py": AFTER}) == {("model.py", 5)}
    assert changed_lines({}, {"new.py": "a = 1\nb = 2\n"}) == {("new.py", 1), ("new.py", 2)}


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(OptionsError):
        standing(BRANCH).with_edit(Edit(options={"strict": "perhaps"}), "request")
