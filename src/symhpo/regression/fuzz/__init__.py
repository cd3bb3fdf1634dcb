"""Formulas planted at random, to see which ones an engine finds again."""
