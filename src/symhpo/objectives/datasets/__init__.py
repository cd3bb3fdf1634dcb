"""Data sets: sources, and the split and preprocessing that all of them share."""

from symhpo.objectives.datasets.base import Dataset, RawData, Source, prepare
from symhpo.objectives.datasets.bundled import Bundled
from symhpo.objectives.datasets.openml import OpenMLTask

__all__ = ["Bundled", "Dataset", "OpenMLTask", "RawData", "Source", "prepare"]
