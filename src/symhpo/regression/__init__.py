"""Regression engines behind one interface, baselines, and the choice from a front of formulas."""

from symhpo.regression.base import Dropped, Front, Member, Regressor, Selection, TrainingSet

__all__ = ["Dropped", "Front", "Member", "Regressor", "Selection", "TrainingSet"]
