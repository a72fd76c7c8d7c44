"""Claude Code (2.1.197 to 2.1.329 tried): start, readiness, dialogs, hooks, resume.

Nothing here writes into the person's configuration: all of ours goes through ``--settings`` of the
one process. Facts are from runs of the real programs (``tests/real_claude`` repeats them).
"""
