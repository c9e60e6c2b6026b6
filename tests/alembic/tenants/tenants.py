"""What all revisions do for each tenant."""
import functools

from alembic import op
from sqlalchemy import text

TENANTS = ("north", "south")


def for_each_tenant(function):
    """Runs an upgrade or a downgrade with the name of each tenant's schema."""

    @functools.wraps(function)
    def for_all():
        for tenant in TENANTS:
            function(tenant)

    return for_all


def known_tenants():
    return [name for (name,) in op.get_bind().execute(text("SELECT name FROM tenant ORDER BY name"))]
