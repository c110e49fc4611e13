"""Reconciliation of the books as JSON, PDF, XLSX and CSV. Reads only: this feature writes nothing."""
