from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import Ask, Server

from tidings import Action, InvalidRequestError, NotFoundError, Repeat, user


def test_d1_kept_until_it_is_read(server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"reader-{request.node.callspec.id}"
    taken = ask(
        live.notify(
            user(who),
            "Order shipped",
            "It arrives on Monday.",
            severity="success",
            category="orders",
            data={"id": 7},
            url="/orders/7",
            actions=[Action("track", "Track it", "/track/7")],
        )
    )
    inbox = ask(live.notifications.list(who, unread=True))
    assert inbox.unread == 1
    (found,) = inbox.items
    assert (found.id, found.title, found.message, found.severity) == (
        taken.id,
        "Order shipped",
        "It arrives on Monday.",
        "success",
    )
    assert (found.data, found.url, found.actions, found.read) == (
        {"id": 7},
        "/orders/7",
        [Action("track", "Track it", "/track/7")],
        False,
    )
    assert "Order shipped" not in repr(inbox)

    with server.listen(who) as listener:
        marked = ask(live.notifications.mark(who, "read", [found.id, "0197a1b2-0000-7000-8000-000000000000"]))
        assert (marked.changed, marked.unread, len(marked.not_found)) == (1, 0, 1)
        assert listener.next("unread_count")["data"]["unread"] == 0
    (receipt,) = ask(live.receipts(found.id)).items
    assert (receipt.user, receipt.read_at is not None) == (who, True)


def test_d1_a_dedupe_key_keeps_the_first(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"deduped-{request.node.callspec.id}"
    first = ask(live.notify(user(who), "Printer on fire", dedupe_key="printer-3"))
    again = ask(live.notify(user(who), "Printer still on fire", dedupe_key="printer-3"))
    assert (first.deduplicated, again.deduplicated, again.id) == (False, True, first.id)
    assert ask(live.notifications.mark_all(who, "archive")).changed == 1


def test_d3_planned_and_called_off(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"planned-{request.node.callspec.id}"
    later = datetime.now(timezone.utc) + timedelta(days=1)
    planned = ask(live.notify(user(who), "Tomorrow", send_at=later, repeat=Repeat("1d", "Europe/Berlin")))
    assert abs(planned.scheduled_for - later) < timedelta(seconds=1)
    (waiting,) = [one for one in ask(live.notifications.each_scheduled()) if one.id == planned.id]
    assert (waiting.to, waiting.title, waiting.digest) == ({"user": who}, "Tomorrow", False)
    ask(live.notifications.cancel(planned.id))
    with pytest.raises(NotFoundError):
        ask(live.notifications.cancel(planned.id))
    with pytest.raises(ValueError, match="send_at: expected a time with a time zone"):
        ask(live.notify(user(who), "When?", send_at=datetime(2030, 1, 1)))
    with pytest.raises(InvalidRequestError) as refused:
        ask(live.notify(user(who), ""))
    assert refused.value.errors[0].path == "title"


def test_d4_preferences(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"picky-{request.node.callspec.id}"
    ask(live.users.set_preferences(who, {"mute": {"categories": ["news"]}}))
    assert ask(live.users.preferences(who))["mute"]["categories"] == ["news"]


def test_d4_what_somebody_wants_gathered_comes_gathered(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"gatherer-{request.node.callspec.id}"
    ask(live.users.set_preferences(who, {"digest": [{"key": "builds", "every": "1h"}]}))
    gathered = ask(live.notify(user(who), "Build 7 is green", digest_key="builds"))
    assert gathered.scheduled_for is not None
    assert ask(live.notifications.list(who)).items == []
