"""The writes of maintenance: work, findings, plans, the way to the workshop and back, proposals for reform."""
