"""Keeps and finds keys in the kernel's keyrings, which outlive a process."""

from attack_kit import LEFT, reached, syscall

RINGS = {"thread": -1, "process": -2, "session": -3, "user": -4, "user session": -5, "group": -6}
for name, ring in RINGS.items():
    key = syscall("add_key", "user", LEFT, b"left behind", 11, ring)
    if key >= 0:
        reached(f"a key in the {name} keyring")
    if syscall("keyctl", 0, ring, 1) >= 0:  # GET_KEYRING_ID
        reached(f"the {name} keyring")
    if syscall("request_key", "user", LEFT, 0, ring) >= 0:
        reached(f"a key found from the {name} keyring")
    if syscall("keyctl", 10, ring, "user", LEFT, 0) >= 0:  # SEARCH
        reached(f"a search of the {name} keyring")
for operation in range(33):
    if syscall("keyctl", operation, 0, 0, 0, 0) >= 0:
        reached(f"keyctl({operation})")
