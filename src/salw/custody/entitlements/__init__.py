"""What units ought to hold (dotation théorique, TED), by model or by class."""
