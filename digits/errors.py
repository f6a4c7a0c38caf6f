"""The one exception for what a user can put right: the command line prints it as one line and exits with 1."""


class DigitsError(Exception):
    """Says what was wrong, its value, what is allowed and what to do next, in one line."""
