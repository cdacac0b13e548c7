"""Calls of the user's own functions that fail in an export, and give what they gave in eager."""

import sys
from typing import Any

from torch import nn

from .boundary import Around
from .owners import owner_of_call, path_of
from .recording import key_of_code
from .resume import Resume


def past(resume: Resume, model: nn.Module) -> Around:
    """Lets a call that fails give what it gave when it was recorded."""

    def around(real: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        recorded = resume.recorded(key_of_code(real.__code__))
        live = sys._getframe(1)
        try:
            return real(*args, **kwargs)
        except Exception as error:
            given = recorded()
            if given is None or resume.must_raise(error, live):
                raise
            finding = resume.find(error, live)
            how = (
                f"the call of {real.__qualname__} gave what it gave in the eager run; "
                "what it does after this line is not known"
            )
            resume.path.add(finding, how, path_of(model, owner_of_call(args, None)))
            return resume.stand_in(given, (args, kwargs))

    return around
