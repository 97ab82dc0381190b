"""The nodes of one iteration, a file each. A node does the input and output and hands the decision to a policy. It
takes named inputs and returns one frozen part of the iteration (`parts.py`).

Which of them a run has, and in which order they run, is the business of `burnish.agent.loop.graph`.
"""
