"""The dashboard's figures, and the job that tells them every 30 seconds."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from tidings import AsyncTidings
from tidings.emitters.helpdesk import emit_dashboard_update

from .people import Database, Somebody
from .storage import Storage
from .telling import tell

router = APIRouter()


def figures(storage: Storage) -> dict[str, Any]:
    """How many tickets there are, by status and in a hurry, and how many items run low."""
    (tickets,) = storage.rows(
        "SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'in progress') AS in_progress, "
        "count(*) FILTER (WHERE status = 'done') AS done, count(*) FILTER (WHERE priority = 'high' AND status <> 'done') AS urgent FROM tickets"
    )
    (stock,) = storage.rows("SELECT count(*) AS low_stock FROM stock WHERE quantity <= low_at")
    return tickets | stock


@router.get("/api/v1/dashboard")
def dashboard(storage: Database, _: Somebody) -> dict[str, Any]:
    """The figures now."""
    return figures(storage)


async def emit_dashboard_stats_job(live: AsyncTidings, storage: Storage, every: float) -> None:
    """Tells the figures, again and again, until it is cancelled."""
    while True:
        await asyncio.sleep(every)
        stats = await asyncio.to_thread(figures, storage)
        await tell(live, emit_dashboard_update, stats)
