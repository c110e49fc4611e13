"""What is out of the stores: to whom, since when, due back when, and what is overdue."""
