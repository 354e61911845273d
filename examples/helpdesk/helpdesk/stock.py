"""Stock. When an item runs low, admins hear of it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, BackgroundTasks, HTTPException
from pydantic import BaseModel, Field
from tidings.emitters.helpdesk import emit_low_stock_alert
from tidings.fastapi import Live

from .people import Database, Somebody
from .telling import tell

router = APIRouter(prefix="/api/v1/stock")


class Taken(BaseModel):
    """How many are taken."""

    quantity: int = Field(ge=1, le=1000)


@router.get("")
def stock(storage: Database, _: Somebody) -> list[dict[str, Any]]:
    """All items."""
    return storage.rows("SELECT * FROM stock ORDER BY item")


@router.post("/{item}/take")
def take(item: str, given: Taken, storage: Database, _: Somebody, live: Live, later: BackgroundTasks) -> dict[str, Any]:
    """Takes some out of the stock."""
    left = storage.row(
        "UPDATE stock SET quantity = quantity - ? WHERE item = ? AND quantity >= ? RETURNING *",
        given.quantity,
        item,
        given.quantity,
    )
    if left is None:
        raise HTTPException(409, "there are not that many")
    if left["quantity"] <= left["low_at"]:
        low = storage.rows("SELECT * FROM stock WHERE quantity <= low_at ORDER BY item")
        later.add_task(tell, live, emit_low_stock_alert, low)
    return left
