"""A home of its own for one real agent program: nothing of the person's is reachable from it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

KEY = "sk-ant-test-0000000000000000000000000standin"


class House:
    """HOME, configuration, runtime directory and a git repository with two worktrees."""

    def __init__(self, root: Path, api: str, program: Path, *, trusted: bool = True) -> None:
        self.root = root
        self.program = program
        self.home = self._directory("home")
        self.config = self._directory("claude-config")
        self.runtime = self._directory("run")
        self.repository = self._directory("project")
        self.worktree = root / "our trees" / "developer"
        self.mate = root / "our trees" / "tester"
        self.odd_mate = root / "odd [x] (y)" / "mate"
        self.odd_mate.mkdir(parents=True)
        self.api = api
        self._repository()
        answers: dict[str, object] = {
            "hasCompletedOnboarding": True,
            "customApiKeyResponses": {"approved": [KEY[-20:]], "rejected": []},
        }
        if trusted:
            answers["projects"] = {str(self.repository): {"hasTrustDialogAccepted": True}}
        (self.config / ".claude.json").write_text(json.dumps(answers))

    def environment(self, **more: str) -> dict[str, str]:
        """The complete environment of a program in this house; nothing is inherited."""
        return {
            "HOME": str(self.home),
            "USER": "tester",
            "SHELL": "/bin/bash",
            "PATH": os.defpath + ":/usr/local/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "XDG_RUNTIME_DIR": str(self.runtime),
            "CLAUDE_CONFIG_DIR": str(self.config),
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.api,
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_BUG_COMMAND": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            **more,
        }

    def sign_in(self) -> None:
        """A made-up sign-in of a plan: only with one does the program know usage limits."""
        record = {
            "accessToken": "sk-ant-oat01-" + "0" * 40,
            "refreshToken": "sk-ant-ort01-" + "0" * 40,
            "expiresAt": 4_000_000_000_000,
            "scopes": ["user:inference", "user:profile"],
            "subscriptionType": "max",
            "rateLimitTier": "default_claude_max_5x",
        }
        path = self.config / ".credentials.json"
        path.write_text(json.dumps({"claudeAiOauth": record}))
        path.chmod(0o600)

    def _directory(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(mode=0o700, parents=True)
        return path

    def _repository(self) -> None:
        (self.repository / "README.md").write_text("# sample\n")
        self._git("init", "-q", "-b", "main")
        self._git("add", "README.md")
        self._git("commit", "-q", "-m", "first")
        for tree in (self.worktree, self.mate):
            self._git("worktree", "add", "-q", "-b", f"orch/{tree.name}", str(tree))

    def _git(self, *words: str) -> None:
        identity = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com"}
        identity |= {k.replace("AUTHOR", "COMMITTER"): v for k, v in identity.items()}
        subprocess.run(
            ["git", *words],
            cwd=self.repository,
            env={"PATH": os.defpath, "HOME": str(self.home), **identity},
            check=True,
        )
