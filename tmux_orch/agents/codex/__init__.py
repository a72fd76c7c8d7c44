"""Codex (0.169.0 tried): start, readiness, dialogs, hooks, resume.

Nothing here writes into the person's configuration: all of ours goes through ``-c`` overrides of
the one process. Facts are from runs of the real program (``tests/real_programs`` repeats them).
"""
