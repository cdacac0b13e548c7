"""Fills memory and takes every MemoryError for no reason to stop."""

import time

from attack_kit import MB, attempt, reached, tell

LIMIT_MB = 1024
held = []
size = 64 * MB
for _ in range(400):
    piece = attempt(bytes.__mul__, b"x", size)
    if isinstance(piece, bytes):
        held.append(piece)
    else:
        size = max(size // 2, 4096)
    if sum(map(len, held)) > 2 * LIMIT_MB * MB:
        reached("twice the limit, in pieces")
        break
time.sleep(1)
tell(f"it held {sum(map(len, held)) // MB} MB")
