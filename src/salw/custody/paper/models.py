"""Tables of booklets and of their lines."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, UniqueConstraint, Uuid, func, text

from salw.core.db import country_column, country_key, metadata, type_instant

paper_book = Table(
    "paper_book",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("store_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("printed_by", Uuid, nullable=False),
    Column("printed_at", type_instant, nullable=False),
    UniqueConstraint("country", "store_id", "number"),
    # What a line carries with it, so that its page can be held against the booklet's.
    UniqueConstraint("country", "id", "unit_id", "pages"),
    country_key(["store_id", "unit_id"], "store", ["id", "unit_id"]),
    country_key(["printed_by"], "person", ["id"]),
    CheckConstraint("number > 0", name="number_positive"),
    CheckConstraint("pages between 1 and 200", name="pages_plausible"),
    Index("ix_paper_book_unit_id", "country", "unit_id", "id"),
    comment="Blank numbered booklets printed for days on paper (cahier de perception).",
)

paper_line = Table(
    "paper_line",
    metadata,
    country_column(),
    Column("book_id", Uuid, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("unit_id", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("document_id", Uuid),
    Column("reason_id", Uuid),
    Column("entered_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["book_id", "unit_id", "pages"], "paper_book", ["id", "unit_id", "pages"]),
    country_key(["document_id"], "document", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["entered_by"], "person", ["id"]),
    CheckConstraint("page between 1 and pages", name="page_in_book"),
    CheckConstraint("line between 1 and 20", name="line_on_page"),
    CheckConstraint("(document_id is null) = (reason_id is not null)", name="entered_or_void"),
    Index("ix_paper_line_document_id", "country", "document_id", postgresql_where=text("document_id is not null")),
    comment="The lines of a booklet that were entered, each once, or declared void with a reason.",
)
