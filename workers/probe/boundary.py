"""Stands around one of the user's functions while its callers cannot tell.

The function's code is replaced, so that every name that refers to it is served; a function that
is made anew at each call of another is not found, and a generator has no one value to give.
"""

import gc
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import CodeType, FunctionType
from typing import Any

from .patching import replaced
from .recorder import NOT_ONE_VALUE

# Called with the function, its positional and its keyword arguments.
Around = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def can_be_wrapped(code: CodeType) -> bool:
    """Whether a call of this code gives one value, from a function that is there."""
    return (
        not code.co_flags & NOT_ONE_VALUE and code.co_name != "<module>" and bool(_functions(code))
    )


@contextmanager
def wrapped(code: CodeType, around: Around) -> Iterator[None]:
    """Within the block `around` is called in the place of every function with this code."""
    with ExitStack() as stack:
        for function in _functions(code):
            stack.enter_context(_one(function, around))
        yield


def _functions(code: CodeType) -> list[FunctionType]:
    gc.unfreeze()  # what a zygote imported is frozen, and get_referrers does not look there
    found = (one for one in gc.get_referrers(code) if isinstance(one, FunctionType))
    return [function for function in found if function.__code__ is code]


@contextmanager
def _one(function: FunctionType, around: Around) -> Iterator[None]:
    code, keywords = function.__code__, function.__kwdefaults__
    signature = inspect.signature(function)
    real = FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    real.__kwdefaults__ = keywords

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return around(real, args, kwargs)

    function.__code__ = _stand_in(len(code.co_freevars))
    function.__kwdefaults__ = {"_call": call}
    try:
        with replaced(function, "__signature__", signature):  # what inspect.signature looks at
            yield
    finally:
        function.__code__ = code
        function.__kwdefaults__ = keywords


def _stand_in(free: int) -> CodeType:
    """Code that hands its arguments to `_call`. It must close over as many cells as the real."""
    names = "".join(f"_{index}, " for index in range(free))
    source = (
        f"def outer({names}):\n"
        "    def stand_in(*args, _call, **kwargs):\n"
        f"        ({names})\n"
        "        return _call(args, kwargs)\n"
        "    return stand_in\n"
    )
    made: dict[str, Any] = {}
    exec(compile(source, __file__, "exec"), made)  # noqa: S102 - a text of our own
    code: CodeType = made["outer"](*range(free)).__code__
    return code
