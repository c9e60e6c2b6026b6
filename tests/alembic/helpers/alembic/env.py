from logging.config import fileConfig

from alembic import context
from service.database.engine import engine
from service.settings import DATABASE_URL

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def include_object(object, name, type_, reflected, compare_to):
    return not (type_ == "table" and name.startswith("tmp_"))


def applied(ctx, step, heads, run_args, **kw):
    assert step.is_upgrade == (step.up_revision_id in heads), (step, heads)


if context.is_offline_mode():
    context.configure(url=DATABASE_URL, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine.begin() as connection:
        context.configure(connection=connection, include_object=include_object, on_version_apply=applied)
        context.run_migrations()
