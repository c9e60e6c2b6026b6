# /// migration
# revision = "c7e3f4051627"
# message = "create guests"
# ///
import datetime
from decimal import Decimal

import host

GUESTS = [
    ("Ada", "030 1234-567", datetime.date(1815, 12, 10), Decimal("12.50")),
    ("Grace", "+1 (555) 010-2030", datetime.date(1906, 12, 9), Decimal("7.90")),
    ("Alan", None, None, Decimal("0.00")),
]


def upgrade() -> None:
    host.execute("""
        CREATE TABLE guests (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL,
            phone text,
            born date,
            spent numeric(10, 2) NOT NULL
        )
    """)
    host.execute_many("INSERT INTO guests (name, phone, born, spent) VALUES ($1, $2, $3, $4)", GUESTS)


def downgrade() -> None:
    host.execute("DROP TABLE guests")
