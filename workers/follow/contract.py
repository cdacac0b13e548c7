"""The course `contract`: what each dimension of the run's inputs can be."""

from collections.abc import Generator

from app.services.record import save_contract
from workers.answers.contract import Contract
from workers.events import ProbeKind
from workers.follow.context import Context
from workers.follow.model import Answer, Errand
from workers.follow.stages import was_exported
from workers.rows import to_data

TIMES = 10.0  # a contract may take so many times what the export of the whole model took
LEAST_SECONDS = 10.0
GRACE_SECONDS = 30.0  # for loading the script, and for ending a step that was begun


def contract(context: Context) -> Generator[Errand, Answer, None]:
    """Read the contract once, and store it with the run."""
    if not context.task.options.dynamic or not was_exported(context):
        return
    seconds = max(TIMES * (context.export_seconds() or 0.0), LEAST_SECONDS)
    wall = 2 * seconds + GRACE_SECONDS
    answer = yield Errand(ProbeKind.CONTRACT, wall, {"seconds": seconds})
    told = answer.first(Contract)
    if told is None or answer.trouble is not None:
        why = f"What its dimensions can be is not known: {answer.why_not}"
        context.note("contract_failed", why)
        return
    with context.writing() as session:
        save_contract(session, context.run_id, to_data(told))
