"""A run whose every text is hostile."""

import zlib
from typing import Any

from app.models import (
    FailureGroup,
    GuardKind,
    RemedyKind,
    ReplayStatus,
    Run,
    RunStatus,
    StageKind,
    StageStatus,
    Verdict,
)
from app.patches import write_diff
from app.services.options import RunOptions
from app.services.sightings import record_sightings
from tests.web_support import COVERAGE, EAGER, LOADED, Seed, make_worker, replay

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7919*7907 }}\x1b[31m\u202e\x00"

PAGES = [
    "/",
    "/_history",
    "/runs/1",
    "/runs/1/_run",
    "/runs/1/_log",
    "/runs/1/stages/1",
    "/runs/1/stages/1/_stage",
    "/runs/1/stages/2",
    "/runs/1/stages/2/_stage",
    "/runs/1/blockers/1",
    "/runs/1/blockers/1/_remedies",
    "/runs/1/modules",
    "/runs/1/shapes",
    "/runs/1/modules?fate=failed",
    "/runs/1/rerun",
    "/graphs/1",
    "/graphs/3",
    "/compare",
    "/compare?base=1&head=1",
    "/settings",
    "/failures",
    "/failures/v1:e000000000000001",
]


SPEC = {"name": EVIL, "shape": [EVIL], "dtype": EVIL, "device": EVIL}
MODULES = [
    {"path": path, "class_name": EVIL, "calls": 1, "parameters": 1}
    for path in (EVIL, *(f"{EVIL}.{n}" for n in range(5)), f"x.{EVIL}")
]
ODD = {"name": EVIL, "kind": "constant", "value": EVIL}


def seed_evil(seed: Seed) -> None:
    """A run whose every text is hostile."""
    loaded = LOADED | {
        "model_class": EVIL,
        "dynamic_shapes": EVIL,
        "dtypes": [EVIL],
        "environment": {EVIL: EVIL, "packages": {EVIL: EVIL}},
        "calls": [{"function": EVIL, "file": EVIL, "line": n} for n in (1, 2)],
    }
    run = seed.run(
        EVIL,
        filename=f"{EVIL}.py",
        status=RunStatus.FINISHED,
        verdict=Verdict.PARTLY,
        reason=EVIL,
        runtime=EVIL[:80],
        sandbox="off",
        loaded=loaded,
        eager=EAGER | {"inputs": [SPEC, ODD], "outputs": [SPEC], "modules": MODULES},
        coverage=COVERAGE | {"fates": ["failed"] * len(MODULES)},
        search={"complete": "stuck", "reason": EVIL},
        notes=[{"code": EVIL, "message": EVIL}],
        options=RunOptions(argv=[EVIL.replace("\0", "")]),
        contract=evil_contract(),
    )
    seed.component(run, 0, EVIL)
    evil: dict[str, Any] = dict.fromkeys(("host", "reason"), EVIL)
    given = evil | {"runtimes": [EVIL], "layers": {EVIL: EVIL}}
    for name, tier in ((EVIL, EVIL[:20]), (f"2 {EVIL}", "")):
        seed.session.add(make_worker(name, tier=tier, **given))
    _passed(seed, run)
    _failed(seed, run)
    _blocked(seed, run)
    record_sightings(seed.session, run)
    group = seed.session.get_one(FailureGroup, "v1:e000000000000001")
    group.note, group.state_by, group.state_at = EVIL, EVIL[:80], run.started_at
    seed.log(run, f"{EVIL}\n\x1b]8;;http://evil.example\x07a link\x1b]8;;\x07\n")


def evil_contract() -> dict[str, Any]:
    """What its dimensions can be, each in words that mean harm."""
    frame = {"file": EVIL, "line": 1, "function": EVIL, "text": EVIL, "where": "upload"}
    cause = {"meaning": EVIL, "expression": EVIL, "frame": frame, "framework": EVIL}
    tried = {"eager": "ran", "program": "different", "why": EVIL}
    texts = dict.fromkeys(("name", "input", "role", "requested", "symbol", "expression"), EVIL)
    row = {**texts, "dim": 0, "size": 1, "answered": "static", "causes": [cause], "failure": EVIL}
    tries = [tried | {"size": 3}, tried | {"size": 4, "eager": "not_run"}]
    failure = {"category": "unknown", "exception": EVIL, "message": EVIL, "culprit": frame}
    return {
        "how": "export",
        "failure": failure,
        "request_failure": failure,
        "dimensions": [
            row | {"obtained": word, "grown": True, "tries": tries}
            for word in ("dynamic", "static", "not_known")
        ],
        "relations": [{"meaning": EVIL, "guard": cause}],
        "code": f"# {EVIL}\ndynamic_shapes = {{}}",
        "form": "auto",
        "cases": [tried | {"sizes": {EVIL: 1}}, tried],
        "cut": [EVIL],
        "exports": 1,
        "seconds": 1.0,
    }


def evil_document() -> dict[str, Any]:
    """A graph whose nodes, modules, files and symbols are named by somebody who means harm."""
    frame = {"file": EVIL, "line": 1, "function": EVIL, "text": EVIL}
    node = {
        "name": EVIL,
        "op": "call_function",
        "target": EVIL,
        "args": [{"node": EVIL}, EVIL],
        "kwargs": {EVIL: EVIL},
        "values": [SPEC | {"value": EVIL}],
        "modules": [[EVIL, EVIL, 0]],
        "frame": frame,
    }
    return {
        "version": 2,
        "nodes": [{"name": EVIL, "op": "placeholder", "target": EVIL}, node],
        "subgraphs": {EVIL: {"nodes": [node]}},
        "inputs": [{"name": EVIL, "kind": "user_input", "target": EVIL}],
        "outputs": [{"name": EVIL, "kind": "user_output", "target": EVIL}],
        "symbols": [{"name": EVIL, "lower": EVIL, "upper": EVIL, "meaning": EVIL}],
    }


def _passed(seed: Seed, run: Run) -> None:
    """Stage 1: its specs, replay, graph and guard."""
    detail: Any = replay(ReplayStatus.DIFFERENT, EVIL) | {"why": EVIL}
    detail["cases"][0]["sizes"] = {EVIL: 1}
    detail["cases"][0]["outputs"][0] |= {"name": EVIL, "why": EVIL}
    stage = seed.stage(
        run,
        1,
        name=EVIL,
        component=EVIL,
        inputs=[SPEC, ODD],
        outputs=[SPEC],
        replay=ReplayStatus.DIFFERENT,
        replay_detail=detail,
        reason=EVIL,
        graph_id=seed.graph(
            "evil", f"def f(): # {EVIL}\n    '''{EVIL}", document=evil_document()
        ).id,
    )
    columns = ("expression", "meaning", "file", "text", "framework")
    texts: dict[str, Any] = dict.fromkeys(columns, EVIL)
    seed.guard(stage, kind=GuardKind.GUARD, silent=True, **texts)
    seed.guard(stage, 1, silent=True, **texts | {"meaning": f"{EVIL.replace('=', '')} == 8"})


def _failed(seed: Seed, run: Run) -> None:
    """Stage 2 and the run itself: their failures."""
    stage = seed.stage(run, 2, StageStatus.FAILED, name=EVIL)
    for failed in (stage, None):
        seed.failure(run, failed, **evil_cause())
    partial = seed.graph("partial", document=evil_document())
    partial.code = zlib.compress(b"")
    stage.graph_id = partial.id


def _blocked(seed: Seed, run: Run) -> None:
    """What stops the whole, its own stage and the one past it."""
    places = [
        {"module": f"{EVIL}.{n}", "file": f"{EVIL}{n}", "line": n, "calls": n} for n in (1, 2, 4)
    ]
    for position in (1, 2):
        given = evil_cause() | {"occurrences": places, "bypass": EVIL, "jumped": EVIL}
        seed.blocker(run, position, **given)
    for position, blocker in ((1, 1), (2, 2), (3, None)):
        _remedied(seed, run, position, blocker)
    for n, kind in ((3, StageKind.WHOLE), (4, StageKind.BYPASS), (5, StageKind.PART)):
        stage = seed.stage(run, n, StageStatus.FAILED, kind, name=EVIL, component=EVIL)
        seed.failure(run, stage, **evil_cause())


def _remedied(seed: Seed, run: Run, position: int, blocker: int | None) -> None:
    """A remedy that works, or all of them together, in words and code that mean harm."""
    base, head = ({EVIL: f"def f():\n    {side}{EVIL}\n"} for side in ("a", "b"))
    seed.remedy(
        run,
        position,
        blocker,
        name=EVIL[:80],
        title=EVIL,
        kind=RemedyKind.PIN if blocker else RemedyKind.COMBINED,
        reason=EVIL,
        files=head,
        patch=write_diff(base, head),
        options={EVIL: EVIL},
        failure=dict.fromkeys(("message", "file", "text"), EVIL) | {"line": 1},
    )


def evil_cause() -> dict[str, Any]:
    """A failure all of whose columns are hostile."""
    columns = (
        *("exception", "message", "hint", "file", "function", "text"),
        *("module", "expression", "value", "upload_file", "stack", "module_class"),
    )
    frame = {"file": EVIL, "line": 1, "function": EVIL, "text": EVIL, "where": "upload"}
    return dict.fromkeys(columns, EVIL) | {
        "fingerprint": "v1:e000000000000001",
        "upload_line": 3,
        "frames": [frame],
        "births": [{"symbol": EVIL, "operation": EVIL, "frame": frame}],
        "source": {"file": EVIL, "first": 8, "lines": [EVIL, f"'''{EVIL}", EVIL]},
    }
