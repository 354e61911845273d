from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
import pytest
from conftest import API_KEY, JWT_SECRET, Listener, Server
from fastapi import FastAPI, Header, HTTPException
from test_webhooks import SECRET, command, signed

from tidings import AsyncTidings, everyone
from tidings.emitters.helpdesk import emit_ticket_created
from tidings.fastapi import Live, Who, lifespan, token_router, webhook_router
from tidings.webhooks import Command, Receiver


def signed_in(x_user: Annotated[str, Header()] = "") -> Who:
    if not x_user:
        raise HTTPException(401)
    return Who(x_user, roles=["admin"])


def application(server: Server) -> FastAPI:
    receiver = Receiver(SECRET)

    @receiver.command("custom_action")
    async def custom_action(command: Command) -> Any:
        return {"hello": command.user}

    app = FastAPI(lifespan=lifespan(lambda: AsyncTidings(server.url, API_KEY, jwt_secret=JWT_SECRET)))
    app.include_router(token_router(signed_in, ttl=600))
    app.include_router(webhook_router(receiver))

    @app.post("/tickets")
    async def create_ticket(ticket: dict[str, Any], live: Live) -> dict[str, Any]:
        await emit_ticket_created(live, ticket)
        return ticket

    return app


def with_app(app: FastAPI, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def play() -> None:
        async with app.router.lifespan_context(app) as state:

            async def with_state(scope: Any, receive: Any, send: Any) -> None:
                await app(scope | {"state": dict(state or {})}, receive, send)

            transport = httpx.ASGITransport(app=with_state)
            async with httpx.AsyncClient(transport=transport, base_url="http://app") as http:
                await story(http)

    asyncio.run(play())


def test_a_route_publishes_and_a_token_connects(server: Server) -> None:
    async def story(http: httpx.AsyncClient) -> None:
        assert (await http.post("/token")).status_code == 401
        answer = await http.post("/token", headers={"x-user": "ada"})
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json()["expires_in"] == 600
        with Listener(server.url, answer.json()["token"]) as ada:
            assert ada.greeting["user"] == "ada"
            assert (await http.post("/tickets", json={"id": 7})).json() == {"id": 7}
            assert ada.next("ticket.created")["data"] == {"id": 7}

    with_app(application(server), story)


def test_b4_a_signed_command_is_answered_and_others_are_not(server: Server) -> None:
    async def story(http: httpx.AsyncClient) -> None:
        body = command("custom_action")
        answer = await http.post("/webhooks/tidings", content=body, headers=signed(body))
        assert (answer.status_code, json.loads(answer.content)) == (200, {"hello": "ada"})
        assert (await http.post("/webhooks/tidings", content=body)).status_code == 401
        assert (await http.post("/webhooks/tidings", content=b"x" * (1 << 20) + b"x")).status_code == 413

    with_app(application(server), story)


def test_an_application_without_a_client_says_what_to_do() -> None:
    app = FastAPI()

    @app.post("/x")
    async def publish(live: Live) -> None:
        await live.publish(everyone(), "x")

    async def story(http: httpx.AsyncClient) -> None:
        with pytest.raises(RuntimeError, match="lifespan"):
            await http.post("/x")

    with_app(app, story)
