"""Where a database is."""

from __future__ import annotations

from dataclasses import dataclass

ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """A database, and who connects to it: over TCP, without a password, without TLS."""

    port: int
    user: str
    database: str

    def url(self, scheme: str = "postgres") -> str:
        """The form of libpq, which all tools but Flyway read."""
        return f"{scheme}://{self.user}@{ADDRESS}:{self.port}/{self.database}?sslmode=disable"
