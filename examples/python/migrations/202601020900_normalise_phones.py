# /// migration
# revision = "d8f405162738"
# revises = ["c7e3f4051627"]
# message = "write phone numbers in one form"
# ///
import logging
import re

import host

log = logging.getLogger("phones")


def normalised(phone: str, country: str = "49") -> str:
    """The number in international form: `+` and digits."""
    digits = re.sub(r"[^0-9+]", "", phone)
    if digits.startswith("+"):
        return digits
    if not digits.startswith("0"):
        raise ValueError(f"'{phone}' has neither a country nor an area")
    return f"+{country}{digits[1:]}"


def upgrade() -> None:
    host.execute("ALTER TABLE guests ADD COLUMN phone_before text")
    guests = host.query("SELECT id, phone FROM guests WHERE phone IS NOT NULL ORDER BY id")
    changes = [(guest.phone, normalised(guest.phone), guest.id) for guest in guests]
    host.execute_many("UPDATE guests SET phone_before = $1, phone = $2 WHERE id = $3", changes)
    log.info("%d numbers normalised", len(changes))


def downgrade() -> None:
    host.execute("UPDATE guests SET phone = phone_before WHERE phone_before IS NOT NULL")
    host.execute("ALTER TABLE guests DROP COLUMN phone_before")
