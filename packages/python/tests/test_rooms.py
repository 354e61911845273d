from __future__ import annotations

from typing import Any

import pytest
from conftest import Ask, Server

from tidings import HistoryLostError, NotFoundError, room


def test_b5_members_may_join_until_they_may_not(
    server: Server, both: tuple[Any, Ask], request: pytest.FixtureRequest
) -> None:
    live, ask = both
    name = f"order_{request.node.callspec.id}"
    assert not ask(live.rooms.access(name, "ada")).allowed
    member = ask(live.members.put(name, "ada", "owner"))
    assert (member.user, member.role) == ("ada", "owner")
    assert member.since.tzinfo is not None
    access = ask(live.rooms.access(name, "ada", "publish"))
    assert access.allowed
    assert access.why
    assert [item.user for item in ask(live.members.list(name)).items] == ["ada"]
    assert name in [item.room for item in ask(live.users.rooms("ada")).items]
    assert ask(live.members.remove(name, "ada")) is None
    assert not ask(live.rooms.access(name, "ada")).allowed


def test_lists_go_through_all_their_pages(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    name = f"quote_{request.node.callspec.id}"
    everybody = [f"user{number}" for number in range(5)]
    for one in everybody:
        ask(live.members.put(name, one))
    page = ask(live.members.list(name, limit=2))
    assert len(page.items) == 2
    assert page.next_cursor is not None
    assert sorted(member.user for member in ask(live.members.each(name, limit=2))) == everybody


def test_b6_what_a_room_keeps(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    name = f"channel_{request.node.callspec.id}"
    for number in range(4):
        ask(live.publish(room(name), "counted", number))
    history = ask(live.rooms.history(name, after=1, limit=2))
    assert [(entry.type, entry.data, entry.offset, entry.sender) for entry in history.items] == [
        ("counted", 1, 2, None),
        ("counted", 2, 3, None),
    ]
    assert history.offset == 4
    further = ask(live.rooms.history(name, cursor=history.next_cursor))
    assert [entry.data for entry in further.items] == [3]
    with pytest.raises(HistoryLostError):
        ask(live.rooms.history(name, after=1, epoch="another"))


def test_rooms_hold_data_and_can_be_forgotten(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    name = f"channel_data_{request.node.callspec.id}"
    assert ask(live.rooms.put(name, {"title": "Data"})).data == {"title": "Data"}
    found = ask(live.rooms.get(name))
    assert (found.kind, found.keep, found.offset, found.members) == ("channel_{name}", "90d", 0, 0)
    assert name in [item.room for item in ask(live.rooms.each())]
    ask(live.rooms.delete(name))
    with pytest.raises(NotFoundError):
        ask(live.rooms.delete(name))


@pytest.mark.parametrize("strange", ["..", ".", "a/b", "ä ö", "a?b#c", "100%", "-"])
def test_any_id_is_one_segment_of_the_path(both: tuple[Any, Ask], strange: str) -> None:
    live, ask = both
    ask(live.members.put("order_strange", strange))
    assert strange in [member.user for member in ask(live.members.each("order_strange"))]
    ask(live.members.remove("order_strange", strange))


def test_an_empty_id_asks_for_nothing_else(both: tuple[Any, Ask]) -> None:
    live, ask = both
    with pytest.raises(ValueError, match="empty"):
        ask(live.users.erase(""))
