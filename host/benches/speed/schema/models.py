"""A hundred tables of ten columns, each with a foreign key and an index."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, MetaData, Numeric, String, Table, func

metadata = MetaData(naming_convention={"fk": "fk_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s", "ix": "ix_%(column_0_label)s"})

for number in range(100):
    Table(
        f"thing_{number}",
        metadata,
        Column("id", BigInteger, primary_key=True),
        Column("parent", BigInteger, ForeignKey(f"thing_{max(number - 1, 0)}.id"), index=True),
        Column("price", Numeric(10, 2), nullable=False, server_default="0"),
        Column("made", DateTime(timezone=True), nullable=False, server_default=func.now()),
        *[Column(f"text_{column}", String(50), nullable=column % 2 == 0) for column in range(6)],
    )
