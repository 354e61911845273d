from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tidings.webhooks import Command, CommandError, Event, Receiver, Reply, SignatureError, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_" + "b2xk" * 8


def signed(body: bytes, *, secret: str = SECRET, webhook_id: str = "msg_1", at: float | None = None) -> dict[str, str]:
    timestamp = int(time.time() if at is None else at)
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": sign(secret, webhook_id, timestamp, body),
    }


def event(event_type: str = "user.offline", data: Any = None) -> bytes:
    return json.dumps({"type": event_type, "timestamp": "2026-11-21T06:00:00.123Z", "data": data}).encode()


def command(name: str, data: Any = None) -> bytes:
    return event("command", {"command": name, "user": "ada", "connection_id": "c1", "data": data})


def test_the_signature_of_the_published_example() -> None:
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_signatures_of_old_and_new_secrets_while_they_change() -> None:
    body = event()
    both = signed(body) | {"Webhook-Signature": f"v1a,other {sign(OLD, 'msg_1', int(time.time()), body)} v1,AAAA"}
    assert verify((SECRET, OLD), both, body) == "msg_1"
    with pytest.raises(SignatureError):
        verify((SECRET,), both, body)


@pytest.mark.parametrize(
    "change",
    [
        lambda headers, body: (headers, body + b" "),
        lambda headers, body: (headers | {"Webhook-Id": "msg_2"}, body),
        lambda headers, body: (headers | {"Webhook-Timestamp": str(int(time.time()) + 1)}, body),
        lambda headers, body: (headers | {"Webhook-Timestamp": "now"}, body),
        lambda headers, body: (headers | {"Webhook-Timestamp": "9" * 400}, body),
        lambda headers, body: (headers | {"Webhook-Signature": ""}, body),
        lambda headers, body: (headers | {"Webhook-Signature": "v1,ünicode"}, body),
        lambda _, body: ({}, body),
        lambda _, body: (signed(body, at=time.time() - 301), body),
        lambda _, body: (signed(body, at=time.time() + 302), body),
        lambda _, body: (signed(body, secret=OLD), body),
    ],
)
def test_what_is_not_signed_as_it_stands_runs_nothing(change: Any) -> None:
    ran: list[Event] = []
    receiver = Receiver(SECRET)
    receiver.on("*")(ran.append)
    body = event()
    headers, body = change(signed(body), body)
    assert receiver.receive(headers, body).status == 401
    assert ran == []


def test_handlers_by_event_and_none_for_others() -> None:
    heard: list[tuple[str, str]] = []
    receiver = Receiver(SECRET)

    @receiver.on("user.offline", "user.online")
    def known(event: Event) -> None:
        heard.append(("known", event.data["user"]))

    @receiver.on("*")
    async def all_of_them(event: Event) -> None:
        heard.append(("all", event.type))

    async def story() -> list[Reply]:
        bodies = [event("user.offline", {"user": "ada"}), event("room.vacated")]
        return [
            await receiver.receive_async(signed(body, webhook_id=f"m{number}"), body)
            for number, body in enumerate(bodies)
        ]

    assert [reply.status for reply in asyncio.run(story())] == [204, 204]
    assert heard == [("known", "ada"), ("all", "user.offline"), ("all", "room.vacated")]


def test_told_again_nothing_runs_again_but_what_failed_does() -> None:
    runs: list[str] = []
    receiver = Receiver(SECRET)

    @receiver.on("user.offline")
    def fails_first(event: Event) -> None:
        runs.append(event.id)
        if len(runs) == 1:
            raise RuntimeError("the database is away")

    body = event()
    assert [receiver.receive(signed(body), body).status for _ in range(3)] == [500, 204, 204]
    assert runs == ["msg_1", "msg_1"]


def test_b4_what_a_command_returns_goes_back() -> None:
    receiver = Receiver(SECRET)

    @receiver.command("custom_action")
    def custom_action(command: Command) -> dict[str, Any]:
        if command.data == "no":
            raise CommandError("forbidden", "only on Mondays")
        return {"for": command.user, "foo": command.data["foo"]}

    body = command("custom_action", {"foo": "bar"})
    reply = receiver.receive(signed(body, webhook_id="a"), body)
    assert (reply.status, json.loads(reply.body)) == (200, {"for": "ada", "foo": "bar"})
    body = command("custom_action", "no")
    reply = receiver.receive(signed(body, webhook_id="b"), body)
    assert (reply.status, json.loads(reply.body)["code"], json.loads(reply.body)["detail"]) == (
        403,
        "forbidden",
        "only on Mondays",
    )
    body = command("another")
    assert receiver.receive(signed(body, webhook_id="c"), body).status == 404
    with pytest.raises(ValueError, match="already"):
        receiver.command("custom_action")(custom_action)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"type": "x"}', event("command", {"command": 7}), b"\xff"])
def test_signed_nonsense_is_refused(body: bytes) -> None:
    assert Receiver(SECRET).receive(signed(body), body).status == 400


def test_functions_that_cannot_be_answered() -> None:
    receiver = Receiver(SECRET)
    receiver.command("unfit")(lambda _: {1, 2})

    @receiver.command("coroutine")
    async def coroutine(_: Command) -> None: ...

    for name in ("unfit", "coroutine"):
        body = command(name)
        assert receiver.receive(signed(body, webhook_id=name), body).status == 500


@pytest.mark.parametrize("wrong", [(), ("",), ("whsec_",), ("whsec_not base64",), (SECRET, "")])
def test_secrets_that_are_none(wrong: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Receiver(*wrong)
