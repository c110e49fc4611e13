"""Missing, lost, stolen, found: a case with an outcome, never an edit (R9-R12)."""
