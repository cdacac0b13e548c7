"""Makes tensors as large as a machine, and then ones that are touched."""

import torch
from attack_kit import attempt, reached

for size in (2**50, 2**43, 2**40):
    if isinstance(attempt(torch.empty, size), torch.Tensor):
        reached(f"a tensor of {size} elements")
held = [torch.ones(16 * 2**20) for _ in range(32)]  # 64 MB each
reached(f"{sum(t.numel() * 4 for t in held)} bytes of tensors")
