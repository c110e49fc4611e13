"""What a mutation brought less than was sent: why, as the receiver says it, for both sides to read."""
