"""Objectives: data sets, models, the protocols that evaluate them, and the true landscape.

Importing this package is cheap: scikit-learn, xgboost and openml are imported where they are used.
"""

from symhpo.objectives.base import Evaluation, Objective
from symhpo.objectives.batch import Query, evaluate, evaluate_many, evaluate_queries
from symhpo.objectives.benchmark import Benchmark
from symhpo.objectives.evaluations import EvaluationTable, Measured
from symhpo.objectives.journal import Journal, Outcome
from symhpo.objectives.landscape import Landscape, LandscapeDesign, compute_landscape
from symhpo.objectives.training import TrainingObjective, make_objective

__all__ = [
    "Benchmark",
    "Evaluation",
    "EvaluationTable",
    "Journal",
    "Landscape",
    "LandscapeDesign",
    "Measured",
    "Objective",
    "Outcome",
    "Query",
    "TrainingObjective",
    "compute_landscape",
    "evaluate",
    "evaluate_many",
    "evaluate_queries",
    "make_objective",
]
