"""What is done about losses and recoveries."""
