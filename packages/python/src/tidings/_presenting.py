"""A method that is made from an operation looks like one that was written by hand: its name, its words, its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

M = TypeVar("M", bound=Callable[..., Any])


def presented(method: M, operation: Callable[..., Any]) -> M:
    """The method, for `help()`, `inspect` and editors."""
    signature = inspect.signature(operation)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [own, *signature.parameters.values()]
    method.__name__ = operation.__name__
    method.__doc__ = operation.__doc__
    # Without what the operation returns: that is a call, the method's is its answer.
    method.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return method
