"""Answers become dataclasses at the edge: what is missing or of another kind is found here, and nowhere later."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ._errors import InternalError

T = TypeVar("T")


def wire(name: str, *, shown: bool = True) -> Any:
    """A field that has another name on the wire than in Python (`from`), None when absent."""
    return dataclasses.field(default=None, repr=shown, metadata={"wire": name})


def reading(shape: type[T]) -> Callable[[bytes], T]:
    """A reader of answers of this shape: a dataclass, a list of some, or Any. Fields that it does not know are passed over."""
    return lambda body: cast(T, read_as(shape, parse(body)))


def parse(body: bytes) -> Any:
    """Any JSON value."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InternalError("the answer is not JSON; is this a Tidings server?") from None


def read_as(shape: Any, value: Any, path: str = "") -> Any:
    """The value as this shape; errors name the field, never what stood in it."""
    origin = get_origin(shape)
    if shape is Any:
        return value
    if origin in (Union, types.UnionType):
        inner = [kind for kind in get_args(shape) if kind is not type(None)]
        return None if value is None else read_as(inner[0], value, path)
    if origin is list:
        items = _checked(list, value, path)
        return [read_as(get_args(shape)[0], item, f"{path}[{index}]") for index, item in enumerate(items)]
    if dataclasses.is_dataclass(origin or shape):
        return _read_fields(shape, _checked(dict, value, path), path)
    if shape is datetime:
        return _time(_checked(str, value, path), path)
    return _checked(shape, value, path)


def _read_fields(shape: Any, value: dict[str, Any], path: str) -> Any:
    read = {}
    for name, on_wire, kind, needed in _fields_of(shape):
        if on_wire in value:
            read[name] = read_as(kind, value[on_wire], f"{path}.{on_wire}" if path else on_wire)
        elif needed:
            raise _unexpected(f"{path}.{on_wire}" if path else on_wire, "a value")
    return shape(**read)


@cache  # as many as there are shapes
def _fields_of(shape: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    """Of each field: name, name on the wire, kind, and whether it must be there."""
    origin = get_origin(shape) or shape
    hints = get_type_hints(origin)
    # What stands for `T`: in `Page[Room]` itself, or in the base of `class Inbox(Page[Notification])`.
    generics = (shape, *getattr(origin, "__orig_bases__", ()))
    filled = {
        parameter: argument
        for generic in generics
        if get_origin(generic) is not Generic
        for parameter, argument in zip(
            getattr(get_origin(generic), "__parameters__", ()), get_args(generic), strict=False
        )
    }
    return tuple(
        (
            field.name,
            field.metadata.get("wire", field.name),
            _filled(hints[field.name], filled),
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(origin)
    )


def _filled(kind: Any, filled: dict[Any, Any]) -> Any:
    """`list[T]` as `list[Room]`."""
    parameters = getattr(kind, "__parameters__", ())
    return kind[tuple(filled[parameter] for parameter in parameters)] if parameters else kind


def _checked(kind: Any, value: Any, path: str) -> Any:
    if type(value) is not kind:
        raise _unexpected(path, kind.__name__)
    return value


def _time(text: str, path: str) -> datetime:
    try:
        # Python 3.10 does not know the Z.
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise _unexpected(path, "a time") from None


def _unexpected(path: str, expected: str) -> InternalError:
    return InternalError(f"the answer is not as expected: {path or 'all of it'} should be {expected}")
