"""What is done with labels, one file a use case."""
