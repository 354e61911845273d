"""Tickets. Everybody sees a new one at once, and who opened one hears when it is done."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks, HTTPException
from pydantic import BaseModel, Field
from tidings.emitters.helpdesk import emit_notification, emit_ticket_created, emit_ticket_updated
from tidings.fastapi import Live

from .people import Database, Somebody
from .telling import tell

router = APIRouter(prefix="/api/v1/tickets")


class NewTicket(BaseModel):
    """What somebody writes."""

    title: str = Field(min_length=1, max_length=200)
    priority: Literal["low", "normal", "high"] = "normal"


class Change(BaseModel):
    """What becomes of it."""

    status: Literal["open", "in progress", "done"]


@router.get("")
def tickets(storage: Database, _: Somebody) -> list[dict[str, Any]]:
    """The newest hundred."""
    return storage.rows("SELECT * FROM tickets ORDER BY id DESC LIMIT 100")


@router.post("", status_code=201)
def create_ticket(
    given: NewTicket, storage: Database, user: Somebody, live: Live, later: BackgroundTasks
) -> dict[str, Any]:
    """Opens a ticket."""
    (ticket,) = storage.rows(
        "INSERT INTO tickets (title, priority, created_by) VALUES (?, ?, ?) RETURNING *",
        given.title,
        given.priority,
        user.name,
    )
    later.add_task(tell, live, emit_ticket_created, ticket)
    return ticket


@router.patch("/{ticket_id}")
def change_ticket(
    ticket_id: int, given: Change, storage: Database, user: Somebody, live: Live, later: BackgroundTasks
) -> dict[str, Any]:
    """Changes a ticket's status."""
    ticket = storage.row("UPDATE tickets SET status = ? WHERE id = ? RETURNING *", given.status, ticket_id)
    if ticket is None:
        raise HTTPException(404, "there is no such ticket")
    later.add_task(tell, live, emit_ticket_updated, ticket)
    if ticket["created_by"] != user.name:
        notification = {"message": f"{ticket['title']}: {given.status}", "type": "success"}
        later.add_task(tell, live, emit_notification, ticket["created_by"], notification)
    return ticket
