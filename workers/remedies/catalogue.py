"""All remedies, in the order in which they are tried: faithful and cheap ones first."""

from collections.abc import Iterator
from itertools import islice

from workers.remedies import (
    async_check,
    cond_for_branch,
    dims_request,
    drop_skip,
    fakes,
    libraries,
    loops,
    modules,
    nested,
    number_in_range,
    numpy_inputs,
    opaque,
    pins,
    pool_all,
    pytrees,
    recurrence,
    shape_for_len,
    sizes,
    stack_for_tensor,
    state,
    strict,
    tensor_for_number,
    torch_for_numpy,
    where_for_branch,
    where_for_choice,
    where_for_mask,
)
from workers.remedies.model import Cause, Edit, Remedy, Upload
from workers.remedies.state_too import with_state
from workers.remedies.syntax import parses

PROPOSALS = 24  # at most, of all remedies for one blocker

# Add an entry in the group that it belongs to; within a group, the likeliest to work comes first.
REWRITES: tuple[Remedy, ...] = (
    modules.DYNAMIC_SIZE,
    drop_skip.REMEDY,
    loops.BREAK_OFF,
    where_for_branch.REMEDY,
    where_for_choice.REMEDY,
    where_for_mask.REMEDY,
    cond_for_branch.REMEDY,
    loops.WHILE,
    async_check.SILENCE,
    async_check.CHECK,
    torch_for_numpy.REMEDY,
    stack_for_tensor.REMEDY,
    modules.ALL_MODULES,
    loops.COUNT,
    sizes.SLICED,
    shape_for_len.REMEDY,
    tensor_for_number.REMEDY,
    number_in_range.TENSOR_IN_RANGE,
    number_in_range.NUMBER_IN_RANGE,
    modules.OF_BUFFER,
    recurrence.REMEDY,
    pool_all.REMEDY,
    pytrees.REGISTER,
    pytrees.TUPLE,
    numpy_inputs.INPUTS,
    fakes.FROM_BODY,
    fakes.CORRECTED,
    nested.PAD,
    state.NO_GRAD,
    state.WEIGHT,
    state.STATE,
    *libraries.REWRITES,
)
REQUESTS: tuple[Remedy, ...] = (
    dims_request.BOUNDS,
    dims_request.OPTION,
    dims_request.AUTO,
    dims_request.DEFERRED,
    strict.STRICT,
    sizes.BOUNDED,
)
WRAPS: tuple[Remedy, ...] = (
    *libraries.WRAPS,
    fakes.LIKE_INPUT,
    opaque.REMEDY,
)
PINS: tuple[Remedy, ...] = (async_check.DROP, pins.BRANCH, pins.VALUE)

REMEDIES: tuple[Remedy, ...] = REWRITES + REQUESTS + WRAPS + PINS


def proposals(cause: Cause, upload: Upload) -> Iterator[tuple[Remedy, Edit]]:
    """What may be tried for one blocker, best first: each a change, and Python that parses."""
    return islice(_sound(cause, upload), PROPOSALS)


def _sound(cause: Cause, upload: Upload) -> Iterator[tuple[Remedy, Edit]]:
    seen = []
    for remedy in REMEDIES:
        if cause.category not in remedy.categories:
            continue
        for edit in with_state(remedy.propose(cause, upload), upload):
            change = (dict(edit.files), dict(edit.options))
            if (
                change not in seen
                and _changes(edit, upload)
                and all(map(parses, change[0].values()))
            ):
                seen.append(change)
                yield remedy, edit


def _changes(edit: Edit, upload: Upload) -> bool:
    """Whether anything is other than before."""
    texts = any(upload.files.get(path) != text for path, text in edit.files.items())
    options = upload.options.model_dump()
    return texts or any(options.get(name) != value for name, value in edit.options.items())
