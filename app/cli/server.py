"""The server of `stagelight serve`: one listening socket, the pages, their workers and postman."""

import errno
import gc
import logging
import signal
import socket
import sys
from types import FrameType
from urllib.parse import urlsplit

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.admin_links import first_admin_link
from app.cli.connections import CONNECTIONS, Connection
from app.main import create_app
from app.postman import Postman
from app.public import is_every, is_loopback, served_at
from app.services.migrate import migrate
from app.settings import Settings
from app.supervisor import Supervisor
from app.web import Web

CONNECTION_SECONDS = 1  # that a request may still take when the server is told to end


def serve(settings: Settings) -> None:
    """Serve, with workers and a postman beside, until a signal."""
    check_host(settings)
    log_to_stderr()
    warn_of_clear_text(settings)
    listener = listen(settings.host, settings.port)
    supervisor = Supervisor(settings)
    server = Server(create_app(settings), listener, supervisor)
    server.end_on_signals()
    migrate(settings.url)
    postman = Postman(settings)
    supervisor.start()
    postman.start()
    try:
        server.run(sockets=[listener])
    finally:
        supervisor.stop()
        postman.stop()
        supervisor.join()
        postman.join()
    if not server.started:
        raise typer.Exit(1)


def check_host(settings: Settings) -> None:
    """Exit unless only this machine can reach the pages, or people need an account."""
    if is_loopback(settings.host):
        return
    if not settings.accounts and not settings.behind_loopback_proxy:
        typer.echo(
            f"Stagelight does not listen on {settings.host} without accounts: whoever reaches it "
            "could run code on this machine.\n"
            "Set STAGELIGHT_ACCOUNTS=true; or STAGELIGHT_HOST=127.0.0.1, and use e.g. ssh -L to "
            "reach it from elsewhere.",
            err=True,
        )
        raise typer.Exit(2)
    if settings.accounts and is_every(settings.host) and not settings.public_url:
        typer.echo(
            f"Stagelight does not know by which name people reach {settings.host}, and answers to "
            "no other.\n"
            "Set STAGELIGHT_PUBLIC_URL, e.g. to https://stagelight.example.com.",
            err=True,
        )
        raise typer.Exit(2)


def warn_of_clear_text(settings: Settings) -> None:
    """Log where passwords would pass through a network for everybody there to read."""
    address = urlsplit(served_at(settings, settings.port))
    if settings.accounts and address.scheme == "http" and not is_loopback(address.hostname or ""):
        logging.warning(
            "passwords and cookies travel in clear: people reach this server by http. "
            "Put a proxy with TLS in front, and set STAGELIGHT_PUBLIC_URL to its https address."
        )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; exits with what to do when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Of a socket that does not name its protocol asyncio does not know that it is TCP, and an
    # answer's last packet then waits for the browser to confirm the one before: 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        hint = "Set STAGELIGHT_HOST to an address of this machine."
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            hint = "Set STAGELIGHT_PORT to a free port, or to 0 to have one chosen."
        typer.echo(
            f"Stagelight cannot listen on {host}:{port}: {error.strerror}.\n{hint}", err=True
        )
        raise typer.Exit(2) from None
    return listener


def place(settings: Settings, host: str, port: int) -> str:
    """Where the server is; an address of all interfaces is none that a browser can be given."""
    listens = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if is_every(host) and settings.public_url:
        return f"Stagelight is at {settings.public_url} and listens on {listens}"
    return f"Stagelight is at http://{listens}"


def log_to_stderr() -> None:
    """One line for each thing that matters."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s web %(process)d: %(message)s"
    )
    for name in ("alembic", "httpx2", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Server(uvicorn.Server):
    """Uvicorn that says when it is ready, and tells the workers to end as soon as it is told."""

    def __init__(
        self, application: FastAPI, listener: socket.socket, supervisor: Supervisor
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=Connection,
                limit_concurrency=CONNECTIONS,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=CONNECTION_SECONDS,
            )
        )
        self._application = application
        self._listener = listener
        self._supervisor = supervisor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the address, and how the first admin joins."""
        await super().startup(sockets)
        if self.started:
            # What was imported stays: going through it at each full collection would take a
            # tenth of a second, in which nobody is answered.
            gc.collect()
            gc.freeze()
            web: Web = self._application.state.web
            host, port = self._listener.getsockname()[:2]
            typer.echo(place(web.settings, host, port))
            self._invite_first_admin(web, port)
            sys.stdout.flush()

    def _invite_first_admin(self, web: Web, port: int) -> None:
        if not web.settings.accounts:
            return
        link = first_admin_link(web.engine, served_at(web.settings, port))
        if link is not None:
            typer.echo(f"Make the first admin account at {link} (once, within 24 hours)")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams that pages follow their runs by, then the rest."""
        self._application.state.web.stopping.set()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Both at once: pages and workers have the same few seconds to end."""
        self._supervisor.stop()
        super().handle_exit(sig, frame)

    def end_on_signals(self) -> None:
        """Take a signal as a good end, from now on and when uvicorn raises it again at its own."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
