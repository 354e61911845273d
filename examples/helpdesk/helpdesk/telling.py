"""What is told live never stands in the way of what was done: a ticket is created also while the live server is away."""

from __future__ import annotations

import logging
from typing import Any, ParamSpec

from tidings import AsyncTidings, TidingsError
from tidings.emitters import Emitter

P = ParamSpec("P")
_log = logging.getLogger("helpdesk")


async def tell(live: AsyncTidings, emitter: Emitter[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
    """Emit; a failure is a line in the log. Routes leave it to after their answer: `later.add_task(tell, live, …)`."""
    try:
        await emitter(live, *args, **kwargs)
    except TidingsError as error:
        _log.warning("not told live: %s", error)
