"""The report's experiments with seeds: plan the runs, carry them out, test what they show."""
