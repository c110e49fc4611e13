"""What shows that the books are what they were: verification, proofs, timelines. Reads only."""
