"""Which hook events each version knows, and which of them say something to us."""

from __future__ import annotations

#: An event that a program does not know stops its start with a menu (2.1.197 given the list of
#: 2.1.329), so each stands with the first tried version that has it. A version beyond these is
#: given what is known here: events were only added so far.
SINCE: dict[str, tuple[int, int, int]] = {
    **dict.fromkeys(
        (
            "SessionStart", "SessionEnd", "UserPromptSubmit", "UserPromptExpansion", "PreToolUse",
            "PostToolUse", "PostToolUseFailure", "PostToolBatch", "PermissionRequest",
            "PermissionDenied", "Stop", "StopFailure", "SubagentStart", "SubagentStop",
            "Notification", "PreCompact", "PostCompact", "Elicitation", "ElicitationResult",
            "Setup", "TeammateIdle", "TaskCreated", "TaskCompleted", "ConfigChange",
            "WorktreeCreate", "WorktreeRemove", "InstructionsLoaded", "CwdChanged", "FileChanged",
            "MessageDisplay",
        ),
        (2, 1, 197),
    ),
    **dict.fromkeys(("PreModelSwitch", "PostModelSwitch", "DirectoryAdded"), (2, 1, 329)),
}  # fmt: skip

#: Those that we are told. Not ``MessageDisplay`` (once per piece of an answer), ``PostToolBatch``
#: (after ``PostToolUse``), ``WorktreeCreate`` (its hook replaces what the program does), nor those
#: that say nothing about what the agent does.
TOLD = (
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PermissionRequest",
    "PermissionDenied",
    "Elicitation",
    "ElicitationResult",
    "Stop",
    "StopFailure",
    "Notification",
    "PreCompact",
    "PostCompact",
)


def told(version: str) -> tuple[str, ...]:
    """The events that a program of this version is given hooks for."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())
    return tuple(event for event in TOLD if SINCE[event] <= numbers)
