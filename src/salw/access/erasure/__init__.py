"""Erasing a person from the books: two officers order it, the eraser does it, the ledger stands."""
