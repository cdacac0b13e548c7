"""Says bytes that are no text."""

import os

from attack_kit import say

say(os.urandom(65536).replace(b"\n", b"") + b"\n")
