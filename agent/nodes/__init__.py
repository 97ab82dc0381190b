"""The nodes of one iteration, a file each, in order: draw, expand, recall, attempt, check, retry, revise, rate,
consult, curate, rewrite, gate, guard, commit. A node does the I/O and hands the decision to a policy.
"""
