"""Alarms about labels: void, copied, or seen in two places too soon."""
