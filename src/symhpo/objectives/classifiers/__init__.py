"""scikit-learn's classifiers, compiled: equal to them bit for bit, in less time."""

from symhpo.objectives.classifiers.forest import FastForestClassifier
from symhpo.objectives.classifiers.perceptron import FastMLPClassifier
from symhpo.objectives.classifiers.sgd import FastSGDClassifier

__all__ = ["FastForestClassifier", "FastMLPClassifier", "FastSGDClassifier"]
