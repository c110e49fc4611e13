"""What the trail proves to others: logs as they are mirrored, proofs of single events, witnesses, verification."""
