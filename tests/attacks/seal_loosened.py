"""Loosens its own seal: other filters, other rule sets, privileges, then looks whether it may."""

import ctypes
import os

from attack_kit import HOST, attempt, check_secret, reached, read_path, syscall

GET_NO_NEW_PRIVS, SET_NO_NEW_PRIVS, SET_SECCOMP, SET_DUMPABLE = 39, 38, 22, 4


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


allow_all = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)
filters = Filter(1, ctypes.addressof(allow_all))
for flags in (0, 1, 2, 4, 8, 16):  # TSYNC, LOG, SPEC_ALLOW, NEW_LISTENER, TSYNC_ESRCH
    syscall("seccomp", 1, flags, ctypes.byref(filters))
for mode in (0, 2):
    syscall("prctl", SET_SECCOMP, mode, ctypes.byref(filters), 0, 0)
syscall("prctl", SET_NO_NEW_PRIVS, 0, 0, 0, 0)
if syscall("prctl", GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0:
    reached("new privileges")
syscall("prctl", SET_DUMPABLE, 1, 0, 0, 0)
syscall("prctl", 59, 1, 0, 2**47, ctypes.byref(ctypes.c_char(0)))  # SYSCALL_USER_DISPATCH
rules = (ctypes.c_uint64 * 3)(0xFFFF, 0, 0)
ruleset = syscall("landlock_create_ruleset", rules, 8, 0)
root = syscall("open", "/", os.O_PATH)
beneath = ctypes.create_string_buffer(
    b"\xff\xff\0\0\0\0\0\0" + root.to_bytes(4, "little", signed=True)
)
if ruleset >= 0:
    syscall("landlock_add_rule", ruleset, 1, beneath, 0)
    syscall("landlock_restrict_self", ruleset, 0)
for flags in range(1, 8):
    syscall("landlock_restrict_self", ruleset, flags)
    syscall("landlock_restrict_self", -1, flags)
syscall("lsm_set_self_attr", 100, ctypes.create_string_buffer(64), 64, 0)
check_secret("after loosening", attempt(read_path, HOST["secret_file"]))
for name, arguments in (("socket", (2, 1, 0)), ("fork", ()), ("unshare", (0x10000000,))):
    result = syscall(name, *arguments)
    if result == 0 and name == "fork":
        os._exit(0)
    if result >= 0:
        reached(f"{name} after loosening")
