"""The report's experiments with seeds: plan the runs, carry them out, say what was found."""
