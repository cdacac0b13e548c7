"""Closes every descriptor, so that it looks ended, and goes on."""

import os
import time

os.closerange(0, 1024)
time.sleep(10_000)
