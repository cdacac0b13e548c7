"""Writes half an event, fills the pipe's room for nothing, and sleeps."""

import time

from attack_kit import say

say(b'{"type": "note", "code": "' + b"x" * 100_000)
time.sleep(10_000)
