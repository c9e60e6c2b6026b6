import host


def phones(users):
    for id, phone in users:
        digits = "".join(filter(str.isdigit, phone))
        yield id, "+49" + (digits[1:] if digits.startswith("0") else digits)


def upgrade():
    host.run_transform(
        phones, "SELECT id, phone FROM users", key=["id"], into="users", columns=["id", "phone"], parallelism=2
    )


def downgrade():
    raise host.Irreversible
