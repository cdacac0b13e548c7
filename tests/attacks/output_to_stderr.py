"""Writes 300 MB to stderr, by Python and by the descriptor."""

import os
import sys

from attack_kit import MB, reached

for _ in range(150):
    sys.stderr.write("e" * MB)
    os.write(2, b"\xff" * MB)
reached("300 MB of errors")
