"""What a command or an option would destroy: a table of rules; what no rule knows claims nothing.

It warns a person and keeps the hub from granting; it stops no agent that hides what it does.
Commands are taken apart by words, in linear time: the text is the agent's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# More than any command that a person reads; of a longer one both ends are looked at.
_MOST = 20_000
_SEPARATORS = re.compile(r"[;&|\n()`{}]+")
# Words that run the command after them, and what they may carry with them.
_CARRIERS = frozenset(
    {
        *("sudo", "doas", "pkexec", "env", "xargs", "nohup", "time", "timeout", "nice", "exec"),
        *("eval", "command", "builtin", "then", "do", "else", "sh", "bash", "zsh", "dash"),
    }
)
_OTHER_USER = frozenset({"sudo", "doas", "pkexec", "su"})
_ASSIGNED = re.compile(r"\w+=\S*")

#: Program → what it destroys by itself. Words to recognise; none of these is ever run by us.
_ALWAYS = {
    **dict.fromkeys(("rm", "rmdir", "unlink", "shred", "trash"), "deletes files"),
    **dict.fromkeys(("fdisk", "parted", "wipefs", "mkfs"), "writes to a device"),
    **dict.fromkeys(("kill", "pkill", "killall"), "ends processes"),
    "truncate": "overwrites a file",
}
#: Program (and its subcommand), a word among the rest, what that destroys; recognised, never run.
_WITH = tuple(
    (program, re.compile(word), what)
    for program, word, what in (
        ("find", "-delete", "deletes files"),
        ("rsync", "--delete.*", "deletes files"),
        ("dd", "of=.*", "writes to a device"),
        ("mv", "-[a-zA-Z]*f[a-zA-Z]*|--force", "overwrites a file"),
        ("cp", "-[a-zA-Z]*f[a-zA-Z]*|--force", "overwrites a file"),
        ("ln", "-[a-zA-Z]*f[a-zA-Z]*|--force", "overwrites a file"),
        ("chmod", "-[a-zA-Z]*R[a-zA-Z]*|--recursive", "changes the rights of many files"),
        ("chown", "-[a-zA-Z]*R[a-zA-Z]*|--recursive", "changes the rights of many files"),
        ("git push", r"--force.*|-[a-zA-Z]*f[a-zA-Z]*|--mirror|\+.+", "forces a push"),
        ("git push", "--delete|-d|--prune|:.+", "deletes a remote branch"),
        ("git reset", "--hard|--merge|--keep", "throws work away"),
        ("git clean", "-[a-zA-Z]*f[a-zA-Z]*|--force", "throws work away"),
        ("git checkout", r"-f|--force|--|\.", "throws work away"),
        ("git switch", "-f|--force|--discard-changes", "throws work away"),
        ("git restore", ".+", "throws work away"),
        ("git stash", "drop|clear", "throws work away"),
        ("git branch", "-[a-zA-Z]*[dD][a-zA-Z]*|--delete", "deletes branches or history"),
        ("git tag", "-d|--delete", "deletes branches or history"),
        ("git update-ref", "-d", "deletes branches or history"),
        ("git reflog", "expire|delete", "deletes branches or history"),
        ("git gc", "--prune.*", "deletes branches or history"),
        ("git worktree", "remove|prune", "deletes files"),
        ("git filter-branch", ".*", "deletes branches or history"),
        ("git filter-repo", ".*", "deletes branches or history"),
        ("docker", "rm|rmi|prune|-v|--volumes", "deletes what runs elsewhere"),
        ("podman", "rm|rmi|prune|-v|--volumes", "deletes what runs elsewhere"),
        ("kubectl", "delete", "deletes what runs elsewhere"),
        ("terraform", "destroy", "deletes what runs elsewhere"),
        ("", "--force|--hard|--overwrite|--no-preserve-root", "forces"),
    )
)
_TEXT = (
    (
        "overwrites a file",
        re.compile(
            r"(?<![0-9&<>=-])\d?>(?![>&(])\|? ?(?!/dev/(?:null|stdout|stderr)\b)[\w./~$\"']"
        ),
    ),
    (
        "deletes from a database",
        re.compile(r"\b(?:drop|truncate) (?:table|database|schema|index|view)\b|\bdelete from\b"),
    ),
    ("runs what it is given", re.compile(r"\| ?(?:sudo )?(?:ba|z|da)?sh\b")),
)
_WORDS = (
    ("deletes", re.compile(r"\b(?:delet\w+|eras\w+|wip(?:e|es|ing)|discard\w*|destroy\w*)\b")),
    ("overwrites", re.compile(r"\boverwrit\w+")),
    ("resets", re.compile(r"\breset(?:s|ting)? (?:the|your|all|my|everything)\b|\brevert\w*")),
    ("forces", re.compile(r"\bforc(?:e|es|ing)\b")),
    ("bypasses questions", re.compile(r"\bbypass\w*|\bdangerously\b")),
)
#: An option that says yes to more than the one thing that is asked.
_WIDENS = re.compile(
    r"\b(?:always|don.?t ask|do not ask|auto(?:matic\w*)?|accept edits|bypass\w*|session|all|"
    r"every\w*|from now on|remember|allowlist)\b",
    re.IGNORECASE,
)


def of_command(text: str) -> str:
    """What running ``text`` would destroy, in words; empty when no rule knows it."""
    text = _bounded(text)
    found = [what for command in _commands(text) for what in _of_one(command)]
    even = _single_spaced(text)
    found += [what for what, pattern in _TEXT if pattern.search(even)]
    return ", ".join(dict.fromkeys(found))


def of_words(text: str) -> str:
    """The same for a question or an option in prose."""
    even = _single_spaced(_bounded(text))
    return ", ".join(what for what, pattern in _WORDS if pattern.search(even))


def widens(option: str) -> bool:
    """Whether the option grants more than what is asked now."""
    return _WIDENS.search(option) is not None


def _bounded(text: str) -> str:
    return text if len(text) <= 2 * _MOST else f"{text[:_MOST]}\n{text[-_MOST:]}"


def _single_spaced(text: str) -> str:
    return " ".join(text.split()).casefold()


def _commands(text: str) -> Iterator[list[str]]:
    """Each simple command's words, without quotes around them."""
    for piece in _SEPARATORS.split(text.replace("\\\n", " ")):
        if words := [word.strip("\"'\\") for word in piece.split()]:
            yield words


def _of_one(words: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(words) and (
        words[at] in _CARRIERS
        or _ASSIGNED.fullmatch(words[at])
        or (at > 0 and (words[at].startswith("-") or words[at].isdigit()))
    ):
        at += 1
    if any(word in _OTHER_USER for word in words[: at + 1]):
        yield "runs as another user"
    if at >= len(words):
        return
    program, rest = words[at].rpartition("/")[2].partition(".")[0], words[at + 1 :]
    if program in _ALWAYS:
        yield _ALWAYS[program]
    name = f"git {_subcommand(rest)}" if program == "git" else program
    for of, word, what in _WITH:
        if of in ("", name) and any(word.fullmatch(one) for one in rest):
            yield what
    if name in ("git filter-branch", "git filter-repo"):
        yield "deletes branches or history"


def _subcommand(rest: Sequence[str]) -> str:
    """Git's own options before it, and their values, are passed over."""
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word in ("-C", "-c", "--git-dir", "--work-tree"):
            skip = True
        elif not word.startswith("-"):
            return word
    return ""
