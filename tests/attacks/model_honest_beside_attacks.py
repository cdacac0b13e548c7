"""Tries to get out, is refused, and still holds a model whose verdict must be true."""

import os
import socket

import torch
from attack_kit import HOST, attempt, check_secret, expect_failure, read_path

check_secret("beside a model", attempt(read_path, HOST["secret_file"]))
expect_failure("a connection beside a model", socket.create_connection, ("127.0.0.1", 9), 1)
expect_failure("a file beside a model", open, HOST["canary_file"], "a")
pid = attempt(os.fork)
if pid == 0:
    os._exit(0)
if isinstance(pid, int):
    os.write(1, b"\nREACHED fork beside a model\n")


class Net(torch.nn.Module):
    example_inputs = (torch.ones(2, 3),)

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.head(x))
