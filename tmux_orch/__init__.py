"""tmux_orch: a team of AI coding agents in tmux, each in its own git worktree."""

__version__ = "0.1.0"
