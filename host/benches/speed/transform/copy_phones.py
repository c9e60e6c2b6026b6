import os

import psycopg

BATCH = 10_000


def normalised(phone):
    """`(030) 123-456` becomes `+4930123456`."""
    digits = "".join(filter(str.isdigit, phone))
    return "+49" + (digits[1:] if digits.startswith("0") else digits)


with psycopg.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TEMPORARY TABLE phones (id bigint, phone text) ON COMMIT DROP")
    with connection.cursor("all_users") as users:
        users.execute("SELECT id, phone FROM users")
        while rows := users.fetchmany(BATCH):
            with cursor.copy("COPY phones (id, phone) FROM STDIN") as copy:
                for id, phone in rows:
                    copy.write_row((id, normalised(phone)))
    cursor.execute("UPDATE users SET phone = phones.phone FROM phones WHERE users.id = phones.id")
