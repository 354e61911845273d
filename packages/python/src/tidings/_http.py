"""What both clients do with httpx alike: the request of a call, and what its exceptions mean."""

from __future__ import annotations

import time

import httpx

from ._exchange import Answer, NoAnswer, Send
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


class Body:
    """An answer's body, piece by piece: httpx times each piece, this times all of them together."""

    def __init__(self, timeout: float) -> None:
        self._until = time.monotonic() + timeout
        self._pieces: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """One more piece. Raises httpx.ReadTimeout when the time is over."""
        if time.monotonic() > self._until:
            raise httpx.ReadTimeout("the answer did not end in time")
        self._pieces.append(piece)

    def of(self, answer: httpx.Response) -> Answer:
        """The whole answer."""
        return Answer(answer.status_code, answer.headers, b"".join(self._pieces))


def no_answer(error: httpx.RequestError) -> NoAnswer:
    """Whether it may have arrived decides what may be sent again."""
    return NoAnswer(why=f"{type(error).__name__} {error}".strip(), sent=not isinstance(error, _NEVER_LEFT))
