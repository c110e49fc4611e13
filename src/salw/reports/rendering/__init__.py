"""One document, three printed forms: PDF for signing, XLSX for working, CSV for exchange."""
