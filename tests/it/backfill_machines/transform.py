# /// migration
# revision = "py"
# transaction = "none"
# ///
import host


def digits(guests):
    for id, phone, times in guests:
        yield id, phone.replace(" ", ""), times + 1


def upgrade():
    host.run_transform(
        digits,
        "SELECT id, phone, times FROM guests",
        key=["id"],
        into="guests",
        columns=["id", "phone", "times"],
        batch_rows=500,
        commit_per_batch=True,
    )


def downgrade():
    pass
