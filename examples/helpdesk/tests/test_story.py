"""The example as a user starts it: one command, then everything over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets import Origin
from websockets.sync.client import connect

from helpdesk.application import Options, application

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]
BINARY = Path(os.environ.get("TIDINGS_BIN", ROOT / "target/debug/tidings"))


class Person:
    """Somebody with the page open."""

    def __init__(self, origin: str, name: str) -> None:
        self.http = httpx.Client(base_url=f"{origin}/api/v1/", timeout=20)
        self.http.post("login", json={"username": name, "password": name}).raise_for_status()
        url = self.http.get("live").json()["url"].replace("http", "ws", 1) + "/v1/ws"
        token = self.http.post("token").json()["token"]
        self._open = ExitStack()
        headers = {"Authorization": f"Bearer {token}"}
        self._socket = self._open.enter_context(connect(url, additional_headers=headers, origin=Origin(origin)))
        self.next("connection_established")

    def next(self, *types: str) -> Any:
        """The next message of one of these types; the dashboard's come all the time, so it is the whole wait that ends."""
        until = time.monotonic() + 20
        while True:
            message = json.loads(self._socket.recv(timeout=max(until - time.monotonic(), 0)))
            if message["type"] in types:
                return message

    def close(self) -> None:
        self._open.close()
        self.http.close()


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    where = tmp_path_factory.mktemp("helpdesk")
    client = where / "client"
    client.mkdir()
    (client / "index.js").write_text("export const createClient = () => {};")
    options = {"--port": "0", "--data": where, "--tidings": BINARY, "--client": client, "--dashboard-every": "0.3"}
    command = [sys.executable, "-m", "helpdesk", *(str(part) for option in options.items() for part in option)]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("helpdesk on "), line
            yield line.split()[2]
        finally:
            process.terminate()


@pytest.fixture
def ada(origin: str) -> Iterator[Person]:
    person = Person(origin, "ada")
    yield person
    person.close()


@pytest.fixture
def grace(origin: str) -> Iterator[Person]:
    person = Person(origin, "grace")
    yield person
    person.close()


def test_b3_a_ticket_is_seen_by_all_and_its_end_by_who_opened_it(ada: Person, grace: Person) -> None:
    created = grace.http.post("tickets", json={"title": "Printer on fire", "priority": "high"})
    assert created.status_code == 201
    ticket = created.json()
    for person in (ada, grace):
        assert person.next("ticket.created")["data"] == ticket
    ada.http.patch(f"tickets/{ticket['id']}", json={"status": "done"}).raise_for_status()
    assert grace.next("ticket.updated")["data"]["status"] == "done"
    assert grace.next("notification")["data"] == {"message": "Printer on fire: done", "type": "success"}
    assert ticket["id"] in [one["id"] for one in ada.http.get("tickets").json()]


def test_b3_the_job_tells_the_dashboard(ada: Person) -> None:
    ada.http.post("tickets", json={"title": "No network"}).raise_for_status()
    now = ada.http.get("dashboard").json()
    while ada.next("dashboard.update")["data"] != now:
        pass


def test_b2_low_stock_is_for_admins(ada: Person, grace: Person) -> None:
    assert grace.http.post("stock/toner/take", json={"quantity": 4}).json()["quantity"] == 2
    assert [one["item"] for one in ada.next("inventory.low_stock")["data"]["items"]] == ["toner"]
    grace.http.post("tickets", json={"title": "More toner"}).raise_for_status()
    assert grace.next("inventory.low_stock", "ticket.created")["type"] == "ticket.created"
    assert grace.http.post("stock/toner/take", json={"quantity": 4}).status_code == 409


def test_who_is_not_signed_in_gets_nothing(origin: str) -> None:
    with httpx.Client(base_url=f"{origin}/api/v1/") as http:
        for method, path in (
            ("GET", "tickets"),
            ("POST", "token"),
            ("GET", "dashboard"),
            ("GET", "stock"),
            ("GET", "me"),
        ):
            assert http.request(method, path).status_code == 401
        for wrong in ({"username": "ada", "password": "grace"}, {"username": "nobody", "password": "x"}):
            assert http.post("login", json=wrong).status_code == 401
        assert http.post("tickets", json={"title": ""}).status_code in (401, 422)


def test_signing_out_ends_the_session(origin: str, ada: Person) -> None:
    assert ada.http.get("me").json() == {"name": "ada", "role": "admin"}
    assert ada.http.post("logout").status_code == 204
    assert ada.http.get("me").status_code == 401


def test_the_page_and_what_it_loads_are_there(origin: str) -> None:
    with httpx.Client(base_url=origin) as http:
        for path in ("/", "/page/page.js", "/page/page.css", "/client/index.js"):
            assert http.get(path).status_code == 200


def test_a_ticket_is_created_also_while_nothing_can_be_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    options = Options(tmp_path / "helpdesk.db", "http://127.0.0.1:9", "key", "s" * 32, tmp_path)
    app = application(options)

    async def story() -> None:
        async with app.router.lifespan_context(app) as state:

            async def with_state(scope: Any, receive: Any, send: Any) -> None:
                await app(scope | {"state": dict(state or {})}, receive, send)

            transport = httpx.ASGITransport(app=with_state)
            async with httpx.AsyncClient(transport=transport, base_url="http://app/api/v1/") as http:
                await http.post("login", json={"username": "ada", "password": "ada"})
                assert (await http.post("tickets", json={"title": "No network"})).status_code == 201
                assert [one["title"] for one in (await http.get("tickets")).json()] == ["No network"]

    asyncio.run(story())
    assert "not told live: unavailable" in caplog.text
