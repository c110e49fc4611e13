"""Recomputing everything that a country's log says, and naming where the database says otherwise."""
