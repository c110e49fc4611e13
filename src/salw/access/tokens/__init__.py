"""Tokens: what a program logs in with, some of the permissions of the person who made it, until a day."""
