"""Evaluation: the metrics of generated pictures, and the classifiers that some of them need."""
