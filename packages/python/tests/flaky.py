"""A real HTTP server that answers what it is told to, or hangs up; and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Says:
    """One answer."""

    status: int = 202
    body: Any = field(default_factory=lambda: {"id": "e1", "reached": {"users": 0, "connections": 0}})
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False
    """A byte at a time, for as long as somebody reads."""


HANGS_UP = Says(status=0)


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    key: str | None
    body: bytes


@dataclass
class Flaky:
    """What it will answer, and what came."""

    url: str
    answers: list[Says]
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def flaky(*answers: Says) -> Iterator[Flaky]:
    """Answers in this order, one a request, whichever connection it comes on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            seen.asked.append(Asked(self.command, self.path, self.headers.get("idempotency-key"), body))
            says = seen.answers.pop(0)
            if says is HANGS_UP:
                self.close_connection = True
                return
            content = says.body if isinstance(says.body, bytes) else json.dumps(says.body).encode()
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if says.drips:
                self.drip(content)
            else:
                self.wfile.write(content)

        def drip(self, content: bytes) -> None:
            with suppress(OSError):
                for byte in content:
                    self.wfile.write(bytes([byte]))
                    gone.wait(0.02)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        gone = threading.Event()
        seen = Flaky(f"http://127.0.0.1:{server.server_port}", list(answers))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield seen
        finally:
            gone.set()
            server.shutdown()
            thread.join()


def problem(status: int, code: str, *, retry_after_ms: int | None = None, **more: Any) -> Says:
    """A refusal as the server words it."""
    body = {"type": "about:blank", "title": "-", "status": status, "code": code, "detail": "no", **more}
    if retry_after_ms is not None:
        body["retry_after_ms"] = retry_after_ms
    return Says(status, body, {"content-type": "application/problem+json"})
