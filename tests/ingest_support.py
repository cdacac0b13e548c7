"""Events of a run's two children, and the run that they become."""

from typing import Any

from sqlalchemy import Engine

from app.models import Category
from tests.worker_support import Story
from workers.events import ProbeKind
from workers.ingest import Ingest
from workers.verdict import Trouble
from workers.vocabulary import EVENTS, Event

STAGED, WHOLE = ProbeKind.STAGED, ProbeKind.WHOLE
CRASH = Trouble(Category.CRASH, "The probe was killed by SIGSEGV.", "hint", "SIGSEGV")


def event(type_: str, **fields: Any) -> Event:
    return EVENTS.validate_python({"type": type_, **fields})


def loaded(model_class: str = "Net") -> Event:
    return event(
        "loaded",
        form="class",
        model_class=model_class,
        parameters=1,
        buffers=0,
        dtypes=[],
        devices=[],
        training=False,
        strict=False,
        environment={},
        seconds=1,
    )


EAGER = event("eager", seconds=1, peak_rss_bytes=1, inputs=[], outputs=[], modules=[])


def plan(*names: str) -> Event:
    shared = {"class_name": "Net", "role": "head", "why": "by name", "parameters": 3, "calls": 1}
    stages = [{"key": n, "kind": "component", "name": n, "component": n} for n in names]
    return event("planned", components=[{"path": n, **shared} for n in names], stages=stages)


def started(key: str) -> Event:
    return event("stage_started", key=key)


def ended(key: str, status: str = "passed", **fields: Any) -> Event:
    if status == "failed":
        fields["failure"] = {"category": "mutation", "exception": "E", "message": "m"}
    return event("stage_finished", key=key, status=status, **fields)


def story(engine: Engine) -> Story:
    return Story(engine, 1)


def tell(ingest: Ingest, kind: ProbeKind, *events: Event) -> None:
    for said in events:
        ingest.take(kind, said)
