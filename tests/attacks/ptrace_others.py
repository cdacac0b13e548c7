"""Attaches to every other process, and asks to be traced."""

from attack_kit import others, reached, syscall

TRACEME, ATTACH, DETACH, SEIZE, INTERRUPT = 0, 16, 17, 0x4206, 0x4207
for pid in others():
    for request in (SEIZE, ATTACH):
        if syscall("ptrace", request, pid, 0, 0) >= 0:
            reached(f"ptrace({request:#x}) of {pid}")
            syscall("ptrace", INTERRUPT, pid, 0, 0)
            syscall("ptrace", DETACH, pid, 0, 0)
if syscall("ptrace", TRACEME, 0, 0, 0) >= 0:
    reached("ptrace(TRACEME)")
