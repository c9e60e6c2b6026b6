"""One file for each tool, in the order of the table."""

from __future__ import annotations

from tool import Tool
from tools.alembic import Alembic
from tools.dbmate import Dbmate
from tools.flyway import Flyway
from tools.golang_migrate import GolangMigrate
from tools.goose import Goose
from tools.host import Host
from tools.psql import Psql
from tools.refinery import Refinery
from tools.sqlx import Sqlx
from tools.tern import Tern

TOOLS: tuple[type[Tool], ...] = (
    Host,
    Goose,
    Tern,
    Dbmate,
    GolangMigrate,
    Refinery,
    Sqlx,
    Alembic,
    Flyway,
    Psql,
)
