"""Prints what the models of this project are as SQL: python models_sql.py"""

import os

import django
from django.apps import apps
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")


class Printer(connection.SchemaEditorClass):
    """Writes statements down instead of running them. Django's own way of doing that asks a database how values are quoted."""

    def execute(self, sql, params=()):
        text = str(sql)
        self.collected_sql.append((text % tuple(map(self.quote_value, params)) if params else text) + ";")


def main() -> None:
    django.setup()
    with Printer(connection, collect_sql=True, atomic=False) as printer:
        for model in apps.get_models():
            if model._meta.can_migrate(connection):
                printer.create_model(model)
    print("\n".join(printer.collected_sql))


if __name__ == "__main__":
    main()
