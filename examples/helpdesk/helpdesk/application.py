"""The application, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from tidings import AsyncTidings
from tidings.fastapi import token_router

from . import dashboard, people, stock, tickets
from .storage import Storage

_PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class Options:
    """What the application needs to know."""

    database: Path
    tidings_url: str
    """Where back end and browsers reach Tidings."""
    api_key: str
    jwt_secret: str
    client: Path
    """The built `@tidings/client`: the folder with its `index.js`."""
    dashboard_every: float = 30
    """Seconds between two updates of the dashboard."""


def application(options: Options) -> FastAPI:
    """The helpdesk: its interface, its page and its job."""

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        storage = Storage(options.database)
        for name, role in (("ada", "admin"), ("grace", "agent"), ("linus", "agent")):
            people.add_user(storage, name, name, role)
        async with AsyncTidings(options.tidings_url, options.api_key, jwt_secret=options.jwt_secret) as live:
            job = asyncio.create_task(dashboard.emit_dashboard_stats_job(live, storage, options.dashboard_every))
            yield {"tidings": live, "storage": storage}
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job

    app = FastAPI(title="Helpdesk", lifespan=run)
    for router in (people.router, tickets.router, stock.router, dashboard.router):
        app.include_router(router)
    app.include_router(token_router(people.who, path="/api/v1/token"))

    @app.get("/api/v1/live", include_in_schema=False)
    def live_address() -> dict[str, str]:
        return {"url": options.tidings_url}

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    app.mount("/client", StaticFiles(directory=options.client))
    app.mount("/page", StaticFiles(directory=_PAGE))
    return app
