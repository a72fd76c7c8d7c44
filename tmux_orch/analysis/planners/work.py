"""Kinds of work: how a task shows its kind, who in a team does it, and when it counts as done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tmux_orch.analysis.planners.points import Point
from tmux_orch.domain.roles import HUB_ROLE, Role

COORDINATORS = frozenset({HUB_ROLE, "project_manager"})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work.

    Attributes:
        name: What it is called here.
        stage: When it comes: what is of a lower stage comes first.
        words: A pattern of the words that show it.
        roles: Who does it, the best first.
        task: What to do when the spec names no such task but the team has somebody for it.
        done: When such a task counts as done.
    """

    name: str
    stage: int
    words: re.Pattern[str]
    roles: tuple[str, ...]
    task: str
    done: tuple[str, ...]


def _kind(
    name: str, stage: int, words: str, roles: str, task: str, *done: str, flags: int = re.IGNORECASE
) -> Kind:
    pattern = re.compile(rf"\b(?:{words})\b", flags)
    return Kind(name, stage, pattern, tuple(roles.split()), task, done)


PREPARE, FOUNDATION, BUILD, VERIFY, PROVE, DELIVER, WATCH = range(7)

KINDS = (
    _kind(
        "research", PREPARE,
        r"research\w*|investigat\w*|evaluat\w*|compar(?:e|ison)|spike|feasib\w*|find out|survey",
        "researcher developer",
        "Find out what the other tasks need to know: tools, security, performance, good practice",
        "Each finding names its source and what follows from it for a task of this plan",
        "The roles that need it have been told where it is written",
    ),
    _kind(
        "design", PREPARE,
        r"design|architect\w*|wireframes?|mock-?ups?|data model|api contract|adrs?|blueprint",
        "developer devops sysadmin",
        "Write down the parts, their interfaces and the decisions that the other tasks rest on",
        "It is written down where the team can read it, with the reasons and what was turned down",
    ),
    _kind(
        "database", FOUNDATION,
        r"databases?|schemas?|migrations?|postgres\w*|mysql|mariadb|sqlite|mongo\w*|redis|sql"
        r"|tables?|indexes|backups?|replicat\w*|warehouse|etl",
        "databaseops database_admin dba developer devops sysadmin",
        "Review and prepare the data's structure, its migrations and its backup",
        "It works on an empty database and on one with data, and can be taken back",
        "A restore or a rollback was tried, not only written",
    ),
    _kind(
        "infrastructure", FOUNDATION,
        r"install\w*|terraform|ansible|pulumi|cloudformation|provision\w*|infrastructure|kubernetes|k8s|helm"
        r"|clusters?|vms?|servers?|hosts?|ubuntu|debian|systemd|ssh|storage|aws|gcp|azure|cloud"
        r"|disks?|packages|user accounts|operating system|nodes?",
        "sysadmin devops developer",
        "Prepare the machines and services that the work runs on",
        "Applying it a second time changes nothing",
        "It is in the repository as code, and how to take it back is written down",
    ),
    _kind(
        "network", FOUNDATION,
        r"network\w*|dns|firewalls?|load balanc\w*|nginx|haproxy|reverse proxy|vpn|subnets?|vpcs?"
        r"|ports?|tls|ssl|certificates?|routing|ingress|cdn",
        "networkops sysadmin devops developer",
        "Settle names, ports, routes and certificates that the work needs",
        "What must be reachable is, and what must not be is not; both were tried",
    ),
    _kind(
        "security", BUILD,
        r"secur\w*|harden\w*|vulnerab\w*|compliance|gdpr|hipaa|pci|soc ?2|encrypt\w*|secrets?"
        r"|audit\w*|penetration|cves?|fail2ban|least privilege|threat model\w*",
        "securityops code_reviewer sysadmin devops developer",
        "Look for what an attacker could use in this work, and close it or report it",
        "Every finding has a way to repeat it and is closed or accepted by a named person",
        "No secret is in the repository, in logs or in arguments",
    ),
    _kind(
        "pipeline", BUILD,
        r"ci|ci/cd|pipelines?|github actions|gitlab ci|jenkins|docker\w*|containers?|containeri\w+"
        r"|compose|images?",
        "devops sysadmin developer",
        "Make build and checks run by themselves for every branch",
        "A clean checkout builds with one command, and a failing check stops it",
    ),
    _kind(
        "build", BUILD,
        r"implement\w*|add|build|create|develop|write|make|api|endpoints?|ui|pages?|components?"
        r"|frontend|front-end|backend|back-end|services?|cli|commands?|features?|refactor\w*|fix"
        r"|support|pars\w+|login|forms?|buttons?|functions?|modules?|librar\w+|code|bugs?",
        "developer devops sysadmin",
        "Make the changes in the code that the spec asks for",
        "It does what the spec says, wrong input included, and a test that fails without it shows",
        "The tests that could have broken pass, and the work is committed and reported",
    ),
    _kind(
        "test", VERIFY,
        r"test|tests|tested|testing|test suite|coverage|e2e|end-to-end|unit tests?|regression|qa"
        r"|integration tests?|load tests?",
        "tester developer testrunner",
        "Write tests for what the spec demands, edges and wrong input included",
        "Each test was seen to fail when what it checks is broken",
        "Every success criterion of the plan is covered, or the gap is named",
    ),
    _kind(
        "documentation", VERIFY,
        r"document\w*|readme|user guide|guides?|manual|tutorial|changelog|runbooks?|docs"
        r"|api reference|how-?to",
        "documentation_writer writer developer",
        "Write down for users and operators what is new and how it is used",
        "Every command and example in it was run as it stands",
        "Somebody who did not build it can follow it",
    ),
    _kind(
        "test run", PROVE,
        r"run (?:all |the |every )*(?:\w+ )?tests|test runs?|smoke tests?|flaky|green build"
        r"|full suite",
        "testrunner tester devops developer",
        "Run every test on what is reported as done, from a clean checkout",
        "Command, counts and full output are kept; new failures are told from old ones",
        "An unreliable test is named as such after repeated runs",
    ),
    _kind(
        "logs", PROVE,
        r"logs|log files?|log levels?|stack ?traces?|error messages?",
        "logtracker monitoringops devops developer",
        "Read what the work logs while it is tried, and report what is wrong in it",
        "Where each part logs and how it is read is written down",
        "Every error seen is reported with the lines around it and who it concerns",
    ),
    _kind(
        "review", PROVE,
        r"code reviews?|reviews?|reviewed|quality gate|lint\w*|static analysis|pull requests?",
        "code_reviewer reviewer project_manager developer",
        "Review every branch that is reported as done, before it is merged",
        "Each finding names file and line, why it matters and what would settle it",
        "Errors, security and readability were looked at, and nothing is left without an answer",
    ),
    _kind(
        "deployment", DELIVER,
        r"deploy\w*|roll-?out|roll out|release\w*|production|go-?live|staging|publish\w*|launch"
        r"|cut-?over|rollback|ship",
        "devops sysadmin developer",
        "Prepare how the work is put into use and taken back",
        "It was put up and taken back once where it can do no harm",
        "A person decides about production; the steps and the check after it are written down",
    ),
    _kind(
        "monitoring", WATCH,
        r"monitor\w*|alert\w*|metrics|prometheus|grafana|dashboards?|logging|log aggregation"
        r"|observab\w*|slos?|slas?|uptime|tracing|health checks?",
        "monitoringops devops sysadmin developer",
        "Watch what the work does in use: health, errors, load, and who is told",
        "An alert was seen to fire and to clear, and says what to do",
    ),
    _kind(
        "integration", PROVE,
        r"merge|merges|merging|integration branch|coordinat\w*|hand-?over|release notes",
        "project_manager orchestrator",
        "Bring the finished branches together on an integration branch and check it against the"
        " spec",
        "Every success criterion of the plan was checked on that branch, and the gaps are named",
        "Nothing is merged into the starting branch: that is the user's decision",
    ),
)  # fmt: skip

KIND = {kind.name: kind for kind in KINDS}

#: What a role of the person's own does when nothing in the spec speaks for it.
OWN = _kind(
    "own", BUILD, r"(?!)", "", "Do what this role is there for",
    "It was done for this spec, and the result can be looked at",
    "Who needs the result has been told where it is",
)  # fmt: skip
# What nearly every task says, and what only says more than the plain word "test".
_WEIGHT = {"build": 0.5, "test run": 2.0}

_ENDING = re.compile(r"(?:ations?|ings?|ers?|ed|es|s|e)$")
_WORD = re.compile(r"[a-z][a-z0-9+#]{2,}")
_COMMON = frozenset(
    _WORD.findall(
        "the and for that with from this must should shall will can have has are was not all any"
        " each into out who what when where which them they their its one two new use used uses"
        " using make makes work works team spec task tasks role own other others than then also"
        " only before after between every need needs does done say says give keep project code"
        " write writes"
    )
)


def stems(text: str) -> set[str]:
    """The words of ``text`` that say something, without their endings."""
    words = {word for word in _WORD.findall(text.lower()) if word not in _COMMON}
    return {_ENDING.sub("", w) if len(w) > 3 else w for w in words}


def kind_of(point: Point) -> Kind:
    """The kind of work a point of the spec asks for; ``build`` when nothing else shows."""
    words = point.text.split()
    scores: dict[str, float] = {}
    for kind in KINDS:
        weight = _WEIGHT.get(kind.name, 1.0)
        found = {match.lower() for match in kind.words.findall(point.text)}
        score = weight * len(found)
        for opening in (words[:2], words[:4]):
            score += weight if kind.words.search(" ".join(opening)) else 0
        if point.section and kind.words.search(point.section):
            score += 1.5 * weight
        scores[kind.name] = score
    best = max(scores, key=lambda name: scores[name])
    return KIND[best] if scores[best] > 0 else KIND["build"]


class Workers:
    """The roles of one team, and which of them a task falls to."""

    def __init__(self, roles: Sequence[Role]) -> None:
        workers = [role for role in roles if not coordinates(role)]
        self.roles = tuple(workers or roles)
        self._words = {role.name: _vocabulary(role) for role in self.roles}
        self._shared = Counter(word for words in self._words.values() for word in words)
        self._named = {name for kind in KINDS for name in kind.roles}

    def choose(self, point: Point, kind: Kind) -> str:
        """The role that fits best; with equal fit, the earlier in the team."""
        return max(self.roles, key=lambda role: self._fit(role, point, kind)).name

    def _fit(self, role: Role, point: Point, kind: Kind) -> float:
        fit = 0.0
        called = (role.name, *role.aliases)
        ranks = [rank for rank, name in enumerate(kind.roles) if name in called]
        if ranks:
            fit += 6.0 - min(4, ranks[0])
        wanted = stems(f"{point.section} {point.text}")
        words = self._words[role.name]
        shared = sum(words[word] / self._shared[word] for word in wanted if word in words)
        # A role that a person defined is in no table of ours: two of its own words win a task.
        fit += min(8.0, 4 * shared) if role.name not in self._named else min(0.9, shared / 4)
        if any(path.startswith(area) for path in point.files for area in _areas(role)):
            fit += 3.0
        return fit


def coordinates(role: Role) -> bool:
    """Whether the role leads others rather than doing tasks."""
    return role.name in COORDINATORS or "agent:coordinate" in role.rights


def own_kinds(role: Role) -> tuple[Kind, ...]:
    """The kinds of work that a role is for before all others; none when it is in no table.

    Design is nobody's own: whoever builds a thing designs it.
    """
    called = (role.name, *role.aliases)
    return tuple(k for k in KINDS if k.roles[0] in called and k.name != "design")


def _areas(role: Role) -> tuple[str, ...]:
    return tuple(area.rstrip("*") for area in role.directories if area.strip("*./"))


def _vocabulary(role: Role) -> dict[str, float]:
    words: dict[str, float] = dict.fromkeys(stems(" ".join(role.responsibilities)), 0.5)
    words |= dict.fromkeys(stems(" ".join((role.purpose, *role.capabilities))), 1.0)
    names = " ".join((role.name, role.title, *role.aliases, *role.directories))
    return words | dict.fromkeys(stems(re.sub(r"[_/.*-]", " ", names)), 2.0)
