"""What became of each module, from the stages and blockers of a run."""

from typing import Any

import pytest

from app.graphs.document import GraphDocument
from app.models import Fate, StageKind, StageStatus
from workers.coverage import Coverage
from workers.events import BlockerReport, FailureReport, ModuleCall, Occurrence

PATHS = ("body", "body.stem", "body.layers.0", "body.layers.1", "neck", "head", "head.fc")
EXPORTED, FAILED, BYPASSED, MISSED = Fate.EXPORTED, Fate.FAILED, Fate.BYPASSED, Fate.NOT_REACHED
PASSED = StageStatus.PASSED


def coverage() -> Coverage:
    return Coverage(
        ModuleCall(path=path, class_name="M", calls=2, parameters=9, own=3) for path in PATHS
    )


def graph(*paths: str) -> GraphDocument:
    nodes: list[dict[str, Any]] = [
        {
            "name": f"n{at}",
            "op": "call_function",
            "target": "aten.relu",
            "modules": [(path, "M", 0)],
        }
        for at, path in enumerate(paths)
    ]
    return GraphDocument.model_validate({"version": 2, "nodes": nodes})


def blocker(*modules: str | None, jumped: str | None = None) -> BlockerReport:
    failure = FailureReport.model_validate(
        {"category": "mutation", "exception": "E", "message": "m"}
    )
    found = [Occurrence(module=module) for module in modules]
    return BlockerReport(failure=failure, occurrences=found, jumped=jumped)


def fates(seen: Coverage) -> dict[str, Fate]:
    return dict(zip(PATHS, seen.fates(), strict=True))


def test_a_whole_model_that_passed_exports_every_module() -> None:
    seen = coverage()
    seen.add_stage(StageKind.WHOLE, None, PASSED, graph("body"))
    assert set(seen.fates()) == {EXPORTED}
    data = seen.as_data()
    assert (data["parameters"], data["parameters_exported"]) == (21, 21)
    assert (data["calls"], data["calls_exported"]) == (14, 14)


@pytest.mark.parametrize("kind", [StageKind.COMPONENT, StageKind.PART])
def test_what_passed_alone_exports_all_below_it_and_nothing_beside_it(kind: StageKind) -> None:
    seen = coverage()
    seen.add_stage(kind, "body", PASSED, graph())
    assert [path for path, fate in fates(seen).items() if fate is EXPORTED] == list(PATHS[:4])


def test_a_prefix_exports_what_its_nodes_come_from_but_not_what_it_was_cut_out_of() -> None:
    seen = coverage()
    held = graph("body", "body.stem", "body.layers.0")
    seen.add_stage(StageKind.ASSEMBLED, "body.layers.0", PASSED, held)
    assert [path for path, fate in fates(seen).items() if fate is EXPORTED] == [
        "body.stem",
        "body.layers.0",
    ]


def test_a_blocker_s_module_and_what_holds_it_fail_though_the_bypass_passed() -> None:
    seen = coverage()
    seen.add_blockers([blocker("body.layers.1", None)])
    everything = graph(*PATHS)
    seen.add_stage(StageKind.BYPASS, None, PASSED, everything)
    found = fates(seen)
    assert (found["body"], found["body.layers.1"]) == (FAILED, FAILED)
    assert (found["body.layers.0"], found["head.fc"]) == (EXPORTED, EXPORTED)


def test_what_lies_in_a_call_that_was_replaced_is_bypassed() -> None:
    seen = coverage()
    seen.add_blockers([blocker("head", jumped="head")])
    assert fates(seen)["head.fc"] is BYPASSED
    assert fates(seen)["neck"] is MISSED


def test_a_component_that_fails_alone_and_passes_in_the_model_is_exported() -> None:
    seen = coverage()
    seen.add_stage(StageKind.COMPONENT, "neck", StageStatus.FAILED, None)
    assert fates(seen)["neck"] is FAILED
    seen.add_stage(StageKind.BYPASS, None, PASSED, graph("neck"))
    assert fates(seen)["neck"] is EXPORTED


def test_later_blockers_replace_those_before() -> None:
    seen = coverage()
    seen.add_blockers([blocker("neck")])
    seen.add_blockers([blocker("head")])
    assert fates(seen)["neck"] is MISSED
    assert fates(seen)["head"] is FAILED
