"""The export call: what the user wants exported, however the script says it."""

from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from .frames import Frame

Form = Literal["exports_itself", "names", "class"]


@dataclass
class Call:
    """One call of torch.export.export, caught or put together, not yet made."""

    model: Any  # an nn.Module; whatever the script passed where it is none
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    dynamic_shapes: Any
    strict: bool
    form: Form
    extra: dict[str, Any] = field(default_factory=dict)  # export's other keyword arguments
    stack: list[Frame] = field(default_factory=list)  # what led to the call, outermost first
    listed: list[dict[str, Any]] = field(default_factory=list)  # every export call known
    others: list[Any] = field(default_factory=list)  # further inputs that the script lists

    def export(self) -> torch.export.ExportedProgram:
        """Make the call, exactly as the script would have."""
        return torch.export.export(
            self.model,
            self.args,
            self.kwargs,
            dynamic_shapes=self.dynamic_shapes,
            strict=self.strict,
            **self.extra,
        )
