"""Well-known designs' events as functions, one module a design: `helpdesk`, `orders`, `dexter`, `manufacturing`, `sentinelops`.

Each function takes a client first, `Tidings` or `AsyncTidings` (then it is awaited), and what the design's function takes behind it:

```python
from tidings.emitters.helpdesk import emit_ticket_created

await emit_ticket_created(live, {"id": 7, "title": "Printer on fire", "priority": "high"})
```

Code that calls them without a client gets them bound to one, once: `emit_ticket_created = helpdesk.emit_ticket_created.bound_to(live)`.
"""

from ._emitter import Emitter, emitter

__all__ = ["Emitter", "emitter"]
