"""Holds a model whose modules, classes, inputs and files have names of markup and escapes."""

import torch
from attack_kit import attempt, scratch

EVIL = "<script>alert(1)</script>\x1b[31m\u202e{{ 7*7 }}'\"`$(id)"
attempt((scratch() / "new\nline.py").write_text, "x = 1\n")
Layer = type(EVIL, (torch.nn.Linear,), {"__module__": EVIL, "__qualname__": EVIL})


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3),)

    def __init__(self) -> None:
        super().__init__()
        self._modules[EVIL.replace(".", "_")] = Layer(3, 3)
        self._modules["new\nline"] = Layer(3, 3)
        self._parameters["\n$(id)"] = torch.nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self._modules.values():
            if layer is not None:
                x = layer(x)
        return x


Net.__name__ = Net.__qualname__ = EVIL
