"""The audit trail: events, their canonical bytes, the queue and the sequencer."""
