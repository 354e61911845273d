"""A request described, not sent. Every operation makes one; a client runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import uuid4

from ._writing import json_bytes, query_of

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and how its answer is read. It shows its name only: bodies and paths hold what is others'."""

    name: str
    """What it does, for logs: `publish`."""
    method: str = field(repr=False)
    path: str = field(repr=False)
    read: Callable[[bytes], T] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    repeatable: bool = field(default=True, repr=False)
    """Whether doing it twice is doing it once, so that it may be sent again although it may have arrived."""

    def continued(self, cursor: str) -> Call[T]:
        """The same list, from this cursor on."""
        rest = tuple(pair for pair in self.query if pair[0] != "cursor")
        return replace(self, query=(*rest, *query_of({"cursor": cursor})))


_NOTHING: Any = object()


def asking(name: str, path: str, read: Callable[[bytes], T], query: Mapping[str, Any] | None = None) -> Call[T]:
    """A GET."""
    return Call(name, "GET", path, read, query_of(query or {}))


def doing(
    name: str,
    method: str,
    path: str,
    read: Callable[[bytes], T],
    body: Any = _NOTHING,
    *,
    query: Mapping[str, Any] | None = None,
    repeatable: bool = True,
) -> Call[T]:
    """A PUT, PATCH, DELETE, or a POST that creates nothing."""
    content = None if body is _NOTHING else json_bytes(body)
    return Call(name, method, path, read, query_of(query or {}), content, repeatable=repeatable)


def creating(name: str, path: str, read: Callable[[bytes], T], body: Any, key: str | None) -> Call[T]:
    """A POST that creates: it has an idempotency key, drawn where none is given, and may so be sent again."""
    return Call(name, "POST", path, read, (), json_bytes(body), idempotency_key=key or str(uuid4()))


def nothing(_: bytes) -> None:
    """Reads an answer that has nothing to say."""
