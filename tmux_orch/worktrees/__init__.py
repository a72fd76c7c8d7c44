"""git: what a repository is, one worktree and one branch per agent, and removal without loss."""
