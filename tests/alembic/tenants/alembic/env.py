import os
from logging.config import fileConfig

from sqlalchemy import create_engine, pool, text

from alembic import context

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name)
arguments = context.get_x_argument(as_dictionary=True)


def run_migrations_offline():
    context.configure(
        url=os.getenv("DATABASE_URL"), literal_binds=True, include_schemas=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    engine = create_engine(os.getenv("DATABASE_URL"), poolclass=pool.NullPool, echo=arguments.get("echo") == "yes")
    with engine.connect() as connection:
        connection.execute(text("SET search_path TO public"))
        connection.commit()
        context.configure(connection=connection, include_schemas=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
