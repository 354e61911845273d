"""`python -m helpdesk`: a Tidings server with keys drawn for this run, and the application beside it."""

from __future__ import annotations

import argparse
import secrets
import signal
import socket
from pathlib import Path
from types import FrameType

import uvicorn

from .application import Options, application
from .live_server import live_server

_ROOT = Path(__file__).parents[3]


def main() -> None:
    """Starts both; Ctrl-C ends both."""
    given = _arguments()
    # Whoever ends this wants the other server ended, too, and no traceback.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _leave)
    with socket.create_server(("127.0.0.1", given.port)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        api_key, jwt_secret = secrets.token_hex(32), secrets.token_hex(32)
        store = f"sqlite:{given.data / 'live.db'}"
        given.data.mkdir(parents=True, exist_ok=True)
        with live_server(given.tidings, store, api_key, jwt_secret, origin) as address:
            options = Options(
                given.data / "helpdesk.db", address, api_key, jwt_secret, given.client, given.dashboard_every
            )
            print(
                f"helpdesk on {origin} : sign in as ada (admin), grace or linus; the password is the name", flush=True
            )
            server = uvicorn.Server(uvicorn.Config(application(options), log_level="warning"))
            server.run(sockets=[listener])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m helpdesk", description="A helpdesk with a live page.")
    parser.add_argument("--port", type=int, default=8080, help="where the page is; 0 takes any free port")
    parser.add_argument("--data", type=Path, default=Path("helpdesk-data"), help="folder of both databases")
    parser.add_argument("--tidings", type=Path, default=_ROOT / "target/release/tidings", help="the server's binary")
    parser.add_argument("--client", type=Path, default=_ROOT / "packages/client/dist", help="the built client")
    parser.add_argument("--dashboard-every", type=float, default=30, metavar="SECONDS", help="default 30")
    given = parser.parse_args()
    for path, how in ((given.tidings, "cargo build --release -p tidings"), (given.client, "npm run build")):
        if not path.exists():
            parser.error(f"{path} is not there: {how}, or start with `make helpdesk`")
    return given


def _leave(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


main()
