"""The exceptions that speak to the user."""

__all__ = ["FailedRunError", "UserError"]


class UserError(Exception):
    """Something that the user can mend: one line with what is wrong, where, and what to do.

    Entry points print the message without a traceback and end with exit status 2.
    """


class FailedRunError(Exception):
    """A run that failed; its folder has the traceback. Entry points end with exit status 1."""
