"""A Tidings server beside the application, for as long as it runs. In production the two are started apart."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def live_server(binary: Path, store: str, api_key: str, jwt_secret: str, page_origin: str) -> Iterator[str]:
    """Starts it on a free port of this machine, gives its address, and stops it at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    environment |= {
        "TIDINGS_SERVER_LISTEN": "127.0.0.1:0",
        "TIDINGS_SERVER_ALLOWED_ORIGINS": page_origin,
        "TIDINGS_SERVER_SHUTDOWN_GRACE": "1s",
        "TIDINGS_AUTH_API_KEYS": api_key,
        "TIDINGS_AUTH_JWT_SECRET": jwt_secret,
        "TIDINGS_STORE_URL": store,
        "TIDINGS_LOG_LEVEL": "warn",
    }
    with subprocess.Popen([binary, "serve"], env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 # the binary that was asked for
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("listening on "):
                raise SystemExit("the Tidings server did not start; its own words are above")
            yield line.removeprefix("listening on ").strip()
        finally:
            process.terminate()
