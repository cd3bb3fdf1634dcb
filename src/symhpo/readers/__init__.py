"""What other tools leave behind, read: one file a tool, each from its source to a `Run`."""

from symhpo.readers.run import Run

__all__ = ["Run"]
