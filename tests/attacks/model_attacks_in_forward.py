"""Attacks while the model is run and traced, and in what the export calls of it."""

import os
import socket
from typing import Any

import torch
from attack_kit import HOST, attempt, check_secret, expect_failure, read_path


def attack() -> None:
    check_secret("in forward", attempt(read_path, HOST["secret_file"]))
    expect_failure(
        "a connection in forward", socket.create_connection, ("127.0.0.1", HOST["tcp_port"]), 1
    )
    expect_failure("a file in forward", open, HOST["canary_file"], "a")
    expect_failure("a program in forward", os.posix_spawn, "/bin/true", ["true"], {})


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3),)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        attack()
        return x + 1

    def __deepcopy__(self, memo: object) -> Any:
        attack()
        return self

    def __reduce__(self) -> Any:
        attack()
        return os.system, ("echo REACHED reduce",)
