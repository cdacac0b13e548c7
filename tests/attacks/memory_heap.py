"""Fills memory from the heap, at most twice what it may have."""

from attack_kit import MB, reached

LIMIT_MB = 1024
held = [b"x" * (16 * MB) for _ in range(2 * LIMIT_MB // 16)]
reached(f"{len(held) * 16} MB of heap")
