"""A real server for the whole run, and both clients behind one way of asking them."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from websockets.sync.client import connect

from tidings import AsyncTidings, Tidings, mint_token

API_KEY = secrets.token_hex(32)
JWT_SECRET = secrets.token_hex(32)
BINARY = Path(os.environ.get("TIDINGS_BIN", Path(__file__).parents[3] / "target/debug/tidings"))


@dataclass(frozen=True)
class Server:
    url: str

    def listen(self, user: str, *, roles: tuple[str, ...] = (), join: str | None = None) -> Listener:
        """A client of this user that is connected, and in a room, when this returns."""
        token = mint_token(JWT_SECRET, user, roles=roles, rooms=[join] if join else [])
        return Listener(self.url, token, join)


class Listener:
    """What a browser would hear."""

    def __init__(self, url: str, token: str, join: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._open = ExitStack()
        address = url.replace("http", "ws", 1) + "/v1/ws"
        self._socket = self._open.enter_context(connect(address, additional_headers=headers))
        self.greeting = self.next("connection_established")
        if join:
            self._socket.send(json.dumps({"type": "join_room", "room": join}))
            self.next("joined_room")

    def next(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types; others are passed over."""
        while True:
            message = json.loads(self._socket.recv(timeout=10))
            if message["type"] in types:
                return cast("dict[str, Any]", message)

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    assert BINARY.exists(), f"there is no server at {BINARY}: build it with `cargo build -p tidings`"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    environment |= {
        "TIDINGS_AUTH_API_KEYS": API_KEY,
        "TIDINGS_AUTH_JWT_SECRET": JWT_SECRET,
        "TIDINGS_SERVER_LISTEN": "127.0.0.1:0",
        "TIDINGS_STORE_URL": "memory:",
        "TIDINGS_SERVER_SHUTDOWN_GRACE": "1s",
    }
    where = tmp_path_factory.mktemp("server")
    with (
        (where / "log").open("w") as log,
        subprocess.Popen(
            [BINARY, "serve"], env=environment, cwd=where, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), (where / "log").read_text()
        yield Server(line.removeprefix("listening on ").strip())
        process.terminate()


class Ask(Protocol):
    """Of either client: what a method gives, waited for where that is needed."""

    def __call__(self, given: Any) -> Any: ...


@pytest.fixture(params=["blocking", "awaiting"])
def both(request: pytest.FixtureRequest, server: Server) -> Iterator[tuple[Any, Ask]]:
    """Each test with this runs with `Tidings` and with `AsyncTidings`."""
    options: dict[str, Any] = {"api_key": API_KEY, "jwt_secret": JWT_SECRET}
    if request.param == "blocking":
        with Tidings(server.url, **options) as blocking:
            yield blocking, lambda given: list(given) if isinstance(given, Iterator) else given
        return
    loop = asyncio.new_event_loop()
    awaiting = AsyncTidings(server.url, **options)
    yield awaiting, lambda given: loop.run_until_complete(_awaited(given))
    loop.run_until_complete(awaiting.close())
    loop.close()


async def _awaited(given: Any) -> Any:
    if isinstance(given, AsyncIterator):
        return [item async for item in given]
    return await given if inspect.isawaitable(given) else given
