from __future__ import annotations

from typing import Any

import pytest
from conftest import API_KEY, JWT_SECRET, Ask, Listener, Server
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tidings import AsyncTidings, Tidings, UnauthorizedError, role, user


def test_c1_who_is_there(server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"present-{request.node.callspec.id}"
    with server.listen(who, join="lounge"):
        here, gone = ask(live.presence.of_users(who, "nobody, ever")).items
        assert (here.user, here.status, here.connections) == (who, "online", 1)
        assert here.last_seen is not None
        assert (gone.user, gone.status, gone.last_seen) == ("nobody, ever", "offline", None)
        assert who in [one.user for one in ask(live.presence.each_in_room("lounge"))]
        (connection,) = ask(live.users.connections(who)).items
        assert (connection.user, connection.rooms) == (who, ["lounge"])
        assert who in [one.user for one in ask(live.users.each_connection())]


def test_j6_disconnect_and_revoke_end_connections(
    server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest
) -> None:
    live, ask = both
    who = f"ended-{request.node.callspec.id}"
    listener = server.listen(who)
    assert ask(live.users.disconnect(who, "signed out")).disconnected == 1
    with pytest.raises(ConnectionClosed) as closed:
        listener.next()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4009, "signed out")

    token = live.token(who)
    Listener(server.url, token).close()
    ask(live.users.revoke(who))
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        Listener(server.url, token)


def test_j12_a_person_is_exported_and_erased(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"erased-{request.node.callspec.id}"
    ask(live.members.put("order_erasing", who))
    ask(live.publish(user(who), "personal", {"text": "theirs"}))
    assert "theirs" in str(ask(live.users.export(who)))
    erased = ask(live.users.erase(who))
    assert (erased.users, erased.memberships) == (1, 1)
    assert ask(live.users.rooms(who)).items == []


def test_figures(both: tuple[Any, Ask]) -> None:
    live, ask = both
    assert ask(live.stats())["version"]


def test_a_token_opens_what_it_says(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    token = live.token("grace", roles=["admin"], rooms=["order_*"])
    with Listener(server.url, token, join="order_granted") as grace:
        assert grace.greeting["user"] == "grace"
        ask(live.publish(role("admin"), "alarm"))
        assert grace.next("alarm")


def test_wrong_keys_and_wrong_settings(server: Server) -> None:
    with Tidings(server.url, "x" * 40) as live, pytest.raises(UnauthorizedError):
        live.stats()
    for options in (
        {"url": "ftp://host"},
        {"url": "no address"},
        {"url": "http://key@host"},
        {"api_key": "two words"},
        {"api_key": "new\nline"},
    ):
        with pytest.raises(ValueError, match="expected") as wrong:
            Tidings(**{"url": server.url, "api_key": API_KEY, **options})  # type: ignore[arg-type]
        assert not any(value in str(wrong.value) for value in options.values())


def test_nothing_secret_is_shown(server: Server) -> None:
    with Tidings(server.url, API_KEY, jwt_secret=JWT_SECRET) as live:
        for shown in (repr(live), str(vars(live)), repr(AsyncTidings(server.url, API_KEY)), repr(live.rooms)):
            assert API_KEY not in shown
            assert JWT_SECRET not in shown


def test_settings_come_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="TIDINGS_API_KEY is not set"):
        Tidings(server.url)
    monkeypatch.setenv("TIDINGS_URL", server.url)
    monkeypatch.setenv("TIDINGS_API_KEY", API_KEY)
    with Tidings() as live:
        assert live.stats()["uptime_seconds"] >= 0
        with pytest.raises(ValueError, match="TIDINGS_AUTH_JWT_SECRET is not set"):
            live.token("ada")
    monkeypatch.delenv("TIDINGS_API_KEY")
    monkeypatch.setenv("TIDINGS_AUTH_API_KEYS", f"{API_KEY},old")
    with Tidings() as live:
        assert live.stats()
