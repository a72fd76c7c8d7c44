"""Gemini CLI (0.61.0 tried): start, readiness, dialogs, hooks, resume.

Nothing here writes into the person's configuration. Facts are from runs of the real program
(``tests/real_programs`` repeats them).
"""
