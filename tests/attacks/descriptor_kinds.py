"""Makes descriptors of rare kinds, up to 10,000 of each, and ring buffers for notifications."""

import os

from attack_kit import reached, syscall

RARE = {  # what no script needs, and what may be had up to the limit of descriptors
    "eventfd2": (0, 0),
    "epoll_create1": (0,),
    "timerfd_create": (1, 0),
    "memfd_create": ("attack", 0),
    "pidfd_open": (os.getpid(), 0),
}
for name, arguments in RARE.items():
    made = 0
    while made < 10_000 and syscall(name, *arguments) >= 0:
        made += 1
    if made >= 10_000:
        reached(f"{made} of {name}")
    for fd in range(20, 20 + made):
        syscall("close", fd)
if syscall("pipe2", 0, 0o200) >= 0:  # O_NOTIFICATION_PIPE
    reached("a notification pipe")
