"""Opens 10,000 descriptors by dup, open and pipe."""

import fcntl
import os

from attack_kit import attempt, reached, tell

pieces = 0
for make in (
    lambda: os.dup(1),
    lambda: os.open("/dev/null", os.O_RDONLY),
    lambda: os.open(__file__, os.O_RDONLY),
    lambda: fcntl.fcntl(1, fcntl.F_DUPFD, 500_000),
    os.pipe,
):
    while pieces < 10_000 and not isinstance(attempt(make), BaseException):
        pieces += 1
tell(f"{pieces} descriptors")
if pieces >= 10_000:
    reached(f"{pieces} descriptors")
if not isinstance(attempt(os.dup2, 1, 100_000), BaseException):
    reached("descriptor 100,000")
