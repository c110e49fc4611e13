"""What is done about the right to draw: one file a subject."""
