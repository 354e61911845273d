"""What makes a function of a description, for both clients; for an application's own events as well."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from .._awaiting import AsyncTidings
from .._blocking import Tidings
from .._call import Call

P = ParamSpec("P")
T = TypeVar("T")


class Emitter(Generic[P, T]):
    """A function that takes a client first: with `Tidings` it answers, with `AsyncTidings` it is awaited."""

    def __init__(self, describe: Callable[P, Call[T]]) -> None:
        self.describe = describe
        """The request alone, not sent."""
        functools.update_wrapper(self, describe)

    @overload
    def __call__(self, client: Tidings, /, *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    def __call__(self, client: AsyncTidings, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]: ...
    def __call__(self, client: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        return client.run(self.describe(*args, **kwargs))

    @overload
    def bound_to(self, client: Tidings) -> Callable[P, T]: ...
    @overload
    def bound_to(self, client: AsyncTidings) -> Callable[P, Awaitable[T]]: ...
    def bound_to(self, client: Any) -> Any:
        """The same function without the client."""
        return functools.partial(self, client)


def emitter(describe: Callable[P, Call[T]]) -> Emitter[P, T]:
    """Of a function that describes a request, one that sends it."""
    return Emitter(describe)
