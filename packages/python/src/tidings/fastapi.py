"""For FastAPI applications: one client for all requests, a route for tokens, a route for webhooks.

```python
app = FastAPI(lifespan=lifespan())
app.include_router(token_router(signed_in))
app.include_router(webhook_router(receiver))

@app.post("/orders")
async def create_order(order: Order, live: Live) -> Order:
    await live.publish(room("orders"), "order_created", order)
```
"""

# No `from __future__ import annotations` here: FastAPI reads the annotations of functions within functions.
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from ._awaiting import AsyncTidings
from .webhooks import Receiver

__all__ = ["Live", "Who", "current", "lifespan", "token_router", "webhook_router"]

_BODY_BYTES_MAX = 1 << 20


def lifespan(
    connect: Callable[[], AsyncTidings] = AsyncTidings,
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    """A lifespan that holds one client while the application runs. `connect` makes it; by default from the environment.

    An application with a lifespan of its own yields `{"tidings": client}` from that, beside what else it yields.
    """

    @asynccontextmanager
    async def hold(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with connect() as client:
            yield {"tidings": client}

    return hold


def current(request: Request) -> AsyncTidings:
    """The application's client."""
    client = getattr(request.state, "tidings", None)
    if not isinstance(client, AsyncTidings):
        raise RuntimeError(
            'no client: start the application with lifespan(), or yield {"tidings": client} from its own'
        )
    return client


Live = Annotated[AsyncTidings, Depends(current)]
"""The application's client, as a parameter of a route: `live: Live`."""


@dataclass(frozen=True)
class Who:
    """For whom a token is, and what it opens."""

    user: str
    roles: list[str] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)


def token_router(who: Callable[..., Any], *, path: str = "/token", ttl: float = 3600) -> APIRouter:
    """`POST /token` answers `{"token", "expires_in"}` to whom `who` lets through.

    `who` is a dependency of yours that knows who is signed in: it gives a `Who`, or a user's id, or raises HTTPException.
    """
    router = APIRouter()

    @router.post(path)
    async def issue_token(live: Live, response: Response, found: Annotated[Any, Depends(who)]) -> dict[str, Any]:
        holder = found if isinstance(found, Who) else Who(found)
        response.headers["cache-control"] = "no-store"
        token = live.token(holder.user, roles=holder.roles, rooms=holder.rooms, ttl=ttl)
        return {"token": token, "expires_in": int(ttl)}

    return router


def webhook_router(receiver: Receiver, *, path: str = "/webhooks/tidings") -> APIRouter:
    """`POST /webhooks/tidings`: what the server's `webhooks.url` names. Bodies of more than 1 MiB are refused."""
    router = APIRouter()

    @router.post(path, include_in_schema=False)
    async def receive_webhook(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _BODY_BYTES_MAX:
                return Response(status_code=413)
        reply = await receiver.receive_async(request.headers, bytes(body))
        return Response(reply.body, reply.status, media_type=reply.content_type)

    return router
