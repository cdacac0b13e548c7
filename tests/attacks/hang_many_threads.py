"""Burns CPU time in sixteen threads that hold no lock."""

import hashlib
import threading


def burn() -> None:
    data = b"x" * 2**24
    while True:
        hashlib.sha256(data).digest()


for _ in range(16):
    threading.Thread(target=burn, daemon=True).start()
burn()
