"""The models whose hyperparameters are studied, one file each."""

from symhpo.objectives.models.base import Classifier, Model, complete, tuned_space
from symhpo.objectives.models.lr import LogisticRegression
from symhpo.objectives.models.nn import NeuralNetwork
from symhpo.objectives.models.nn_solver import NeuralNetworkSolver
from symhpo.objectives.models.rf import RandomForest
from symhpo.objectives.models.svm import SupportVectorMachine
from symhpo.objectives.models.svm_kernels import SupportVectorMachineKernels
from symhpo.objectives.models.xgboost import XGBoost

__all__ = [
    "Classifier",
    "LogisticRegression",
    "Model",
    "NeuralNetwork",
    "NeuralNetworkSolver",
    "RandomForest",
    "SupportVectorMachine",
    "SupportVectorMachineKernels",
    "XGBoost",
    "complete",
    "tuned_space",
]
