"""What the ledger proves, and how others check it: bundles that need nobody's service."""
