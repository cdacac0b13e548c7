"""All that a probe may say: the events of workers/events.py and the answers of errands."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from workers.answers.contract import Contract
from workers.answers.reference import Reference
from workers.answers.repro import Repro
from workers.answers.saved import Saved
from workers.answers.trial import Trial
from workers.events import (
    Blockers,
    Eager,
    Failed,
    Finished,
    Loaded,
    Note,
    Piece,
    Planned,
    StageFinished,
    StageStarted,
)

Event = (
    Note
    | Loaded
    | Eager
    | Planned
    | StageStarted
    | StageFinished
    | Blockers
    | Piece
    | Saved
    | Reference
    | Trial
    | Contract
    | Repro
    | Failed
    | Finished
)

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="type")])
"""Validates one parsed line."""
