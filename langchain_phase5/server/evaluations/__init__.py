"""`/api/v1/eval`: datasets, jobs that grade agents in the background, and their results."""
