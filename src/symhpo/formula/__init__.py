"""Formulas over named hyperparameters in their true units."""

from symhpo.formula.formula import Formula

__all__ = ["Formula"]
