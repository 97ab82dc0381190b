"""What each method claims, measured on the run that used it: the proofs in a report."""
