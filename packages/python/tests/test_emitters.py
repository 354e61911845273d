"""The designs' functions, called as those designs call them, heard by a client."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from conftest import API_KEY, Ask, Server

from tidings import AsyncTidings
from tidings.drop_in import ConnectionManager
from tidings.emitters import dexter, helpdesk, manufacturing, orders, sentinelops

TICKET = {"id": 7, "title": "Printer on fire", "priority": "high"}
CASES: list[tuple[Any, tuple[Any, ...], str, Any]] = [
    (helpdesk.emit_ticket_created, (TICKET,), "ticket.created", TICKET),
    (helpdesk.emit_ticket_updated, (TICKET,), "ticket.updated", TICKET),
    (helpdesk.emit_dashboard_update, ({"open": 3},), "dashboard.update", {"open": 3}),
    (
        helpdesk.emit_notification,
        ("ada", {"message": "hi", "type": "info"}),
        "notification",
        {"message": "hi", "type": "info"},
    ),
    (helpdesk.emit_low_stock_alert, ([{"sku": "a"}],), "inventory.low_stock", {"items": [{"sku": "a"}]}),
    (orders.emit_order_created, ({"folio": "ORD-001"},), "order_created", {"folio": "ORD-001"}),
    (orders.emit_order_updated, ({"folio": "ORD-001"},), "order_updated", {"folio": "ORD-001"}),
    (orders.emit_order_status_changed, ({"status": "done"},), "order_status_changed", {"status": "done"}),
    (orders.emit_client_created, ({"id": 1},), "client_created", {"id": 1}),
    (orders.emit_client_updated, ({"id": 1},), "client_updated", {"id": 1}),
    (orders.emit_inventory_updated, ({"sku": "a"},), "inventory_updated", {"sku": "a"}),
    (orders.emit_stock_low, ({"sku": "a"},), "stock_low", {"sku": "a"}),
    (
        orders.emit_notification,
        ("New order received!",),
        "notification",
        {"message": "New order received!", "severity": "info"},
    ),
    (
        orders.emit_notification,
        ("Ready!", "ada", "success"),
        "notification",
        {"message": "Ready!", "severity": "success"},
    ),
    (
        dexter.notify_issue_update,
        ("123", "resolved", {"title": "T"}),
        "issue_update",
        {"issue_id": "123", "update_type": "resolved", "data": {"title": "T"}},
    ),
    (
        dexter.notify_alert_trigger,
        ("456", {"severity": "critical"}),
        "alert_trigger",
        {"alert_id": "456", "data": {"severity": "critical"}},
    ),
    (
        dexter.broadcast,
        ({"type": "announcement", "message": "Maintenance"}, "global"),
        "announcement",
        {"message": "Maintenance"},
    ),
    (
        manufacturing.emit_order_status_update,
        (123, "shipped", {"eta": 1}),
        "order_status_update",
        {"order_id": 123, "status": "shipped", "eta": 1},
    ),
    (manufacturing.emit_quote_update, (456, "accepted"), "quote_update", {"quote_id": 456, "status": "accepted"}),
    (sentinelops.broadcast_to_user, ("ada", {"type": "ping_all", "text": "x"}), "ping_all", {"text": "x"}),
    (
        sentinelops.broadcast_to_multiple_users,
        (["ada", "bob"], {"type": "system_alert", "text": "x"}),
        "system_alert",
        {"text": "x"},
    ),
]
ROOMS = {
    dexter.notify_issue_update: "issue_123",
    dexter.notify_alert_trigger: "alerts",
    dexter.broadcast: "global",
    manufacturing.emit_order_status_update: "order_123",
    manufacturing.emit_quote_update: "quote_456",
}


@pytest.mark.parametrize(("function", "given", "event_type", "data"), CASES)
def test_b3_events_arrive_as_their_design_shows_them(
    server: Server, both: tuple[Any, Ask], function: Any, given: tuple[Any, ...], event_type: str, data: Any
) -> None:
    live, ask = both
    with server.listen("ada", roles=("admin",), join=ROOMS.get(function)) as ada:
        ask(function(live, *given))
        assert ada.next(event_type)["data"] == data


def test_low_stock_reaches_admins_only(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    with server.listen("clerk") as clerk:
        ask(helpdesk.emit_low_stock_alert(live, []))
        ask(helpdesk.emit_ticket_created(live, TICKET))
        assert clerk.next("inventory.low_stock", "ticket.created")["type"] == "ticket.created"


def test_d1_notifications_of_designs_are_kept(both: tuple[Any, Ask], request: pytest.FixtureRequest) -> None:
    live, ask = both
    who = f"kept-{request.node.callspec.id}"
    shown = {"id": "notif-id", "title": "Test", "message": "Hello", "created_at": "2026-11-21T06:00:00", "team": "red"}
    for _ in range(2):
        ask(sentinelops.send_notification_to_user(live, who, shown))
    ask(manufacturing.notify_order_update(live, who, 7, "Order 7 shipped"))
    ask(manufacturing.notify_quote_update(live, who, 8, "Quote 8"))
    ask(manufacturing.notify_payment_update(live, who, "Paid", severity="success"))
    ask(manufacturing.notify_deadline(live, who, "Tomorrow"))
    items = ask(live.notifications.list(who)).items
    assert [item.category for item in items] == ["deadline", "payment", "quote", "order", None]
    assert (items[-1].message, items[-1].data) == ("Hello", {"id": "notif-id", "team": "red"})
    assert ask(manufacturing.notify_system(live, "Maintenance tonight")).id


def test_rooms_by_their_designs_names() -> None:
    assert manufacturing.direct_room(12, 7) == manufacturing.direct_room("7", "12") == "user_7_12"
    assert manufacturing.direct_room("bob", "ada") == "user_ada_bob"
    assert (manufacturing.support_room(9), manufacturing.channel_room("news")) == ("support_9", "channel_news")


def test_bound_once_they_are_called_without_a_client(server: Server, both: tuple[Any, Ask]) -> None:
    live, ask = both
    emit_ticket_created: Any = helpdesk.emit_ticket_created.bound_to(live)
    with server.listen("ada") as ada:
        ask(emit_ticket_created(TICKET))
        assert ada.next("ticket.created")["data"] == TICKET
    assert inspect.getdoc(helpdesk.emit_ticket_created) == "`ticket.created`, to everyone."


def with_manager(server: Server, story: Callable[[ConnectionManager], Awaitable[None]]) -> None:
    async def play() -> None:
        async with AsyncTidings(server.url, API_KEY) as live:
            await story(ConnectionManager(live))

    asyncio.run(play())


def test_a_managers_methods_send_what_they_sent(server: Server) -> None:
    async def story(manager: ConnectionManager) -> None:
        message = {"type": "said", "data": 1}
        await manager.send_to_user("ada", message)
        await manager.send_personal_message(message, "ada")
        await manager.broadcast_to_user("ada", message)
        await manager.send_to_users(["ada", "bob", "ada"], message)
        await manager.broadcast_to_multiple_users(["ada"], message)
        await manager.broadcast(message)
        await manager.broadcast(message, channel="floor")
        await manager.broadcast_to_admins(message)
        await manager.broadcast_to_room("floor", message)
        await manager.broadcast({"type": "end"})

    with server.listen("ada", roles=("admin",), join="floor") as ada:
        with_manager(server, story)
        assert [ada.next("said", "end")["type"] for _ in range(10)] == ["said"] * 9 + ["end"]


def test_a_managers_broadcast_leaves_one_user_out(server: Server) -> None:
    async def story(manager: ConnectionManager) -> None:
        assert {"ada", "bob"} <= set(await manager.get_online_users())
        assert await manager.get_connection_count() >= 3
        await manager.broadcast({"type": "user.online", "data": {"user_id": "bob"}}, exclude_user="bob")
        await manager.broadcast({"type": "end"})

    with server.listen("ada") as ada, server.listen("bob") as bob, server.listen("bob") as tab:
        with_manager(server, story)
        assert ada.next("user.online", "end")["type"] == "user.online"
        assert [one.next("user.online", "end")["type"] for one in (bob, tab)] == ["end", "end"]


def test_a_managers_rooms_are_memberships(server: Server) -> None:
    async def story(manager: ConnectionManager) -> None:
        await manager.join_room("ada", "order_managed")
        await manager.notify_issue_update(123, "resolved")
        await manager.send_notification_to_user("ada", {"title": "Hello"})
        await manager.leave_room("ada", "order_managed")
        with pytest.raises(ValueError, match="message: expected a mapping with a type"):
            await manager.broadcast({"data": 1})
        await manager.send_to_users([], {"type": "to nobody"})

    with_manager(server, story)
