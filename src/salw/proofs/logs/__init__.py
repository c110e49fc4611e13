"""A country's log as standard clients mirror it (C2SP tlog-tiles), and proofs from it (C2SP tlog-proof)."""
