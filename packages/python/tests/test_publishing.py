from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from conftest import Ask, Server

from tidings import (
    ConflictError,
    InvalidRequestError,
    Publication,
    Published,
    Refused,
    everyone,
    role,
    room,
    rooms,
    user,
    users,
)


def test_b2_everyone_a_target_names_hears_it(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    with server.listen("ada", roles=("admin",), join="news") as ada:
        for to in (user("ada"), users("ada", "bob"), room("news"), rooms("news", "other"), role("admin"), everyone()):
            published = ask(live.publish(to, "hello", {"to": to.kind, "text": "grüß dich 👋"}))
            heard = ada.next("hello")
            assert heard["data"] == {"to": to.kind, "text": "grüß dich 👋"}
            assert published.reached.connections >= 1
            if to.kind not in ("users", "rooms"):
                assert published.id == heard["id"]


def test_b2_the_connection_that_caused_it_is_left_out(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    with server.listen("carol") as one, server.listen("carol") as other:
        ask(live.publish(user("carol"), "moved", 1, except_connection=one.greeting["connection_id"]))
        ask(live.publish(user("carol"), "moved", 2))
        assert one.next("moved")["data"] == 2
        assert other.next("moved")["data"] == 1


def test_b2_the_same_key_publishes_once(server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    key = request.node.name
    with server.listen("dora") as dora:
        first = ask(live.publish(user("dora"), "once", 1, idempotency_key=key))
        again = ask(live.publish(user("dora"), "once", 1, idempotency_key=key))
        assert again.id == first.id
        with pytest.raises(ConflictError):
            ask(live.publish(user("dora"), "once", 2, idempotency_key=key))
        ask(live.publish(user("dora"), "end"))
        assert [dora.next("once", "end")["type"] for _ in range(2)] == ["once", "end"]


def test_b2_a_batch_says_of_each_what_became_of_it(both: tuple[Any, Ask]) -> None:
    live, ask = both
    good, bad = ask(
        live.publish_many([Publication(user("ada"), "greeting", {"a": 1}), Publication(room("not a name"), "greeting")])
    )
    assert isinstance(good, Published)
    assert isinstance(bad, Refused)
    assert isinstance(bad.error, InvalidRequestError)
    assert bad.error.errors[0].path == "entries[1].to.room"


def test_data_that_python_has_and_json_has_not(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    with server.listen("eve") as eve:
        ask(
            live.publish(
                user("eve"), "row", {"at": datetime(2026, 11, 21, tzinfo=timezone.utc), "total": Decimal("9.90")}
            )
        )
        assert eve.next("row")["data"] == {"at": "2026-11-21T00:00:00+00:00", "total": "9.90"}
    for unfit in ({"a": {1}}, float("nan"), "\ud800"):
        with pytest.raises((TypeError, ValueError)):
            ask(live.publish(everyone(), "x", unfit))


def test_refusals_name_the_field_and_repeat_nothing(both: tuple[Any, Ask]) -> None:
    live, ask = both
    with pytest.raises(InvalidRequestError) as refused:
        ask(live.publish(room("secret name!"), "x"))
    assert refused.value.status == 400
    assert [error.path for error in refused.value.errors] == ["to.room"]
    assert "secret name" not in str(refused.value) + repr(refused.value)


def test_a_number_as_a_user_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="user: expected a text"):
        user(7)  # type: ignore[arg-type]


def test_j8_receipts_say_to_whom_it_came(server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"received-{request.node.callspec.id}"
    with server.listen(who) as listener:
        published = ask(live.publish(user(who), "wanted", receipts=True))
        listener.next("wanted")
    (receipt,) = ask(live.receipts(published.id)).items
    assert (receipt.user, receipt.read_at) == (who, None)
