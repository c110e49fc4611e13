"""Acknowledgements (émargements) of issue and return, and what proves people at the counter."""
