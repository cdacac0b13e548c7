"""Clones with every flag: shared memory without a thread, a sibling, new namespaces."""

from attack_kit import clone, reached

SIGCHLD = 17
FLAGS = {
    "VM": 0x100,
    "VM and VFORK": 0x4100,
    "VM, FS, FILES, SIGHAND": 0xF00,
    "PARENT": 0x8000,
    "PARENT and VM": 0x8100,
    "UNTRACED": 0x800000,
    "PTRACE": 0x2000,
    "IO": 0x80000000,
    "SYSVSEM": 0x40000,
    "NEWNS": 0x20000,
    "NEWCGROUP": 0x2000000,
    "NEWUTS": 0x4000000,
    "NEWIPC": 0x8000000,
    "NEWUSER": 0x10000000,
    "NEWPID": 0x20000000,
    "NEWNET": 0x40000000,
    "NEWUSER and all": 0x7E020000,
    "THREAD and NEWUSER": 0x10010F00,
    "THREAD and NEWNS": 0x00030F00,
    "nothing": 0,
}
for name, flags in FLAGS.items():
    for signal in (SIGCHLD, 0):
        pid = clone(flags | signal)
        if pid >= 0:
            reached(f"clone with {name}: {pid}")
