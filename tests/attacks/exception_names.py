"""Raises a class whose names are markup and escapes, from a file of such a name."""

from attack_kit import HOST

NAME = "<script>alert(1)</script>\x1b[2J\u202e{{ 7*7 }}"
Hostile = type(NAME, (Exception,), {"__module__": f"../../{NAME}", "__qualname__": NAME * 1000})
code = compile("raise error", f"/etc/{NAME}\n{HOST['secret_file']}", "exec")
exec(code, {"error": Hostile(f"{NAME}\x00\ud800")})
