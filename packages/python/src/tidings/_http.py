"""What both clients do with httpx alike: the request of a call, and what its exceptions mean."""

from __future__ import annotations

import httpx

from ._exchange import NoAnswer, Send
from ._settings import Settings

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


def request_of(http: httpx.Client | httpx.AsyncClient, settings: Settings, step: Send) -> httpx.Request:
    """The request, with headers and the time that it may take."""
    call = step.call
    headers = settings.headers()
    if call.body is not None:
        headers["content-type"] = "application/json"
    if call.idempotency_key is not None:
        headers["idempotency-key"] = call.idempotency_key
    address = settings.url + call.path
    if call.query:
        address += "?" + "&".join(f"{name}={value}" for name, value in call.query)
    return http.build_request(call.method, address, headers=headers, content=call.body, timeout=step.timeout)


def no_answer(error: httpx.RequestError) -> NoAnswer:
    """Whether it may have arrived decides what may be sent again."""
    return NoAnswer(why=f"{type(error).__name__} {error}".strip(), sent=not isinstance(error, _NEVER_LEFT))
