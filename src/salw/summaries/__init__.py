"""What crosses a border: the cells a commission publishes, and the table of the three countries."""
