"""The stages of a run, from a configuration to its records."""

from symhpo.pipeline.plan import Plan
from symhpo.pipeline.reports import landscape_of
from symhpo.pipeline.run import cell_plans, execute, run

__all__ = ["Plan", "cell_plans", "execute", "landscape_of", "run"]
