"""Experiments: plans of training runs over several seeds, and statistical tests of their claims."""
