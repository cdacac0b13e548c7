"""Fills memory with millions of small objects, at most twice what it may have."""

from attack_kit import MB, reached

LIMIT_MB = 1024
held = [[number] * 1000 for number in range(2 * LIMIT_MB * MB // 8056)]
reached(f"{len(held)} lists")
