"""What is public: the two clients are alike, the server has every path, and each code has its class."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest

import tidings
from tidings import AsyncTidings, Tidings, TidingsError

SCHEMA = Path(__file__).parents[3] / "schema"
GROUPS = ("rooms", "members", "presence", "notifications", "messages", "users")


def methods(of: Any) -> dict[str, Any]:
    return {name: value for name, value in inspect.getmembers(of, callable) if not name.startswith("_")}


@pytest.mark.parametrize("group", [None, *GROUPS])
def test_both_clients_have_the_same_methods_with_the_same_parameters(group: str | None) -> None:
    blocking, awaiting = Tidings("http://a", "key"), AsyncTidings("http://a", "key")
    one, other = (client if group is None else getattr(client, group) for client in (blocking, awaiting))
    assert methods(one).keys() == methods(other).keys()
    for name, method in methods(one).items():
        theirs = methods(other)[name]
        assert inspect.signature(method).parameters == inspect.signature(theirs).parameters, name
        assert (method.__doc__ or "").strip(), f"{name} has no words"
    blocking.close()


def test_every_code_has_a_class() -> None:
    described = json.loads((SCHEMA / "openapi.json").read_text())
    codes = {one["const"] for one in described["components"]["schemas"]["ErrorCode"]["oneOf"]}
    assert codes == {kind.code for kind in TidingsError.__subclasses__()}


def test_every_name_is_there_and_every_class_of_errors_is_public() -> None:
    assert all(hasattr(tidings, name) for name in tidings.__all__)
    assert {kind.__name__ for kind in TidingsError.__subclasses__()} <= set(tidings.__all__)


def test_every_operation_is_one_that_the_server_describes() -> None:
    described = json.loads((SCHEMA / "openapi.json").read_text())["paths"]
    known = {
        (method.upper(), re.sub(r"{[^}]*}", "{}", path)) for path, methods in described.items() for method in methods
    }
    asked: set[tuple[str, str]] = set()

    class Noting(Tidings):
        def run(self, call: Any) -> Any:
            asked.add((call.method, re.sub(r"\bID\b", "{}", call.path)))

    with Noting("http://a", "key") as live:
        for of in (live, *(getattr(live, group) for group in GROUPS)):
            for name, method in methods(of).items():
                if name in ("close", "run", "token") or name.startswith("each"):
                    continue
                needed = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
                values = {p.name: _value(p.name) for p in needed if p.kind is not p.VAR_POSITIONAL}
                method(**values)
    acts = {"read", "seen"}
    asked = {
        (m, "/".join("{}" if part in acts and "notifications" in path else part for part in path.split("/")))
        for m, path in asked
    }
    assert asked - known == set()


ANSWERS: dict[type, str] = {
    tidings.Access: "AccessInfo",
    tidings.Acted: "ActedResponse",
    tidings.Action: "NotificationAction",
    tidings.Connection: "ConnectionInfo",
    tidings.Delivery: "DeliveredInfo",
    tidings.Digest: "Digested",
    tidings.DigestItem: "DigestItem",
    tidings.Disconnected: "DisconnectResponse",
    tidings.Entry: "EntryMessage",
    tidings.Erased: "EraseResponse",
    tidings.History: "Messages",
    tidings.Inbox: "NotificationPage",
    tidings.Mark: "MarkInfo",
    tidings.Marked: "MarkResponse",
    tidings.Member: "MemberInfo",
    tidings.Membership: "Membership",
    tidings.Message: "Message",
    tidings.Notification: "Notification",
    tidings.Notified: "NotifyResponse",
    tidings.Pin: "MessagePin",
    tidings.Presence: "Presence",
    tidings.Published: "PublishResponse",
    tidings.Reached: "Reached",
    tidings.Reactions: "ReactionCount",
    tidings.Receipt: "ReceiptInfo",
    tidings.Revoked: "RevokeResponse",
    tidings.Room: "RoomInfo",
    tidings.RoomUnread: "RoomUnread",
    tidings.Scheduled: "ScheduledInfo",
    tidings.Version: "VersionInfo",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_have_the_fields_that_the_server_describes(answer: Any) -> None:
    schema = json.loads((SCHEMA / "openapi.json").read_text())["components"]["schemas"][ANSWERS[answer]]
    for field in dataclasses.fields(answer):
        name = field.metadata.get("wire", field.name)
        assert name in schema["properties"]
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        assert not needed or name in schema["required"], name


def _value(name: str) -> Any:
    values = {"to": tidings.everyone(), "publications": [], "ids": [], "act": "read", "preferences": {}, "up_to": 1}
    return values.get(name, "ID")
