"""Checks of a store: open with a frozen expected set, count blind, close with one line a weapon."""
