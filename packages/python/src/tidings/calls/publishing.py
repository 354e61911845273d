"""Events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .._answers import Page, Published, Receipt, Refused
from .._call import Call, asking, creating
from .._errors import error_with
from .._reading import parse, read_as, reading
from .._targets import Target
from .._writing import at, given


@dataclass(frozen=True)
class Publication:
    """One event of a batch."""

    to: Target
    type: str
    data: Any = field(default=None, repr=False)
    except_connection: str | None = None
    receipts: bool = False

    def fields(self) -> dict[str, Any]:
        """As the server reads it."""
        fields = {"to": self.to.fields(), "type": self.type, "data": self.data}
        return fields | given(**{"except": self.except_connection, "receipts": self.receipts or None})


def publish(
    to: Target,
    type: str,
    data: Any = None,
    *,
    except_connection: str | None = None,
    receipts: bool = False,
    idempotency_key: str | None = None,
) -> Call[Published]:
    """Publish an event.

    `data` may be any JSON value. `except_connection` leaves one connection out, usually the one whose user caused the event. `receipts` keeps to whom
    it came, and who has read it. Sent again with the same `idempotency_key` within 24 hours it is published once; without a key each call draws one, for
    its own retries.
    """
    body = Publication(to, type, data, except_connection, receipts).fields()
    return creating("publish", at("publish"), reading(Published), body, idempotency_key)


def publish_many(
    publications: Iterable[Publication], *, idempotency_key: str | None = None
) -> Call[list[Published | Refused]]:
    """Publish up to 1000 events in one request, which costs little more than one.

    The results are in their order; a wrong one does not hinder the others.
    """
    body = {"entries": [publication.fields() for publication in publications]}
    return creating("publish_many", at("publish", "batch"), _results, body, idempotency_key)


def receipts(entry_id: str, *, limit: int | None = None, cursor: str | None = None) -> Call[Page[Receipt]]:
    """A page of who has an entry that was sent with `receipts`, or a notification: on what it came, when it was seen and read."""
    path = at("entries", entry_id, "receipts")
    return asking("receipts", path, reading(Page[Receipt]), given(limit=limit, cursor=cursor))


@dataclass(frozen=True)
class _Refusal:
    code: str
    detail: str
    path: str | None = None


@dataclass(frozen=True)
class _Results:
    results: list[Any]


def _results(body: bytes) -> list[Published | Refused]:
    results: _Results = read_as(_Results, parse(body))
    return [_result(value, f"results[{index}]") for index, value in enumerate(results.results)]


def _result(value: Any, path: str) -> Published | Refused:
    if isinstance(value, dict) and "error" in value:
        refusal: _Refusal = read_as(_Refusal, value["error"], f"{path}.error")
        return Refused(error_with(refusal.code, refusal.detail, refusal.path))
    published: Published = read_as(Published, value, path)
    return published
