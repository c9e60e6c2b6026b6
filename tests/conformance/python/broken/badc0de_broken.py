# /// migration
# revision = "badc0de"
# message = "broken"
# created = "2026-11-30T17:00:00Z"
# ///
"""Has a syntax error in its line 12."""

import host


def upgrade() -> None:
    host.execute("SELECT 1"


def downgrade() -> None:
    pass
