"""The experiments, one module each: the runs, the claims and the charts.

The app shows each experiment that has a module here. A script in train/ carries it out.
"""
