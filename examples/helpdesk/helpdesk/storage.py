"""The helpdesk's own database. A connection each call: SQLite opens one in microseconds, and no thread has to share it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, password BLOB NOT NULL, role TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (digest BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users, ends_at INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tickets (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, priority TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open',
    created_by TEXT NOT NULL, created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))
) STRICT;
CREATE TABLE IF NOT EXISTS stock (item TEXT PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity >= 0), low_at INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO stock VALUES ('toner', 6, 3), ('keyboards', 12, 4), ('docking stations', 3, 1);
"""


class Storage:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self.open() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection that commits when all went well."""
        database = sqlite3.connect(self._path, timeout=5)
        database.row_factory = sqlite3.Row
        try:
            with database:
                yield database
        finally:
            database.close()

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """What a statement returns."""
        with self.open() as database:
            return [dict(row) for row in database.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, *values)), None)
