"""``doctor``: every prerequisite, how it is, and what to do; needs no daemon and starts none."""

from __future__ import annotations

from dataclasses import asdict

import click

from tmux_orch.cli import checks, options, printing
from tmux_orch.cli.table import listed
from tmux_orch.domain.errors import EXIT_DONE, EXIT_PARTLY

_MARKS = {
    checks.Verdict.OK: ("ok", "green"),
    checks.Verdict.WARNING: ("look", "yellow"),
    checks.Verdict.BAD: ("bad", "red"),
}


@click.command()
@options.as_json
@options.debug
def doctor(as_json: bool) -> int:
    """Check what this machine needs; exit code 1 when something stops teams."""
    findings = checks.all_checks()
    bad = [finding for finding in findings if finding.verdict is checks.Verdict.BAD]
    if as_json:
        printing.as_json(
            {
                "schema": "tmux-orch/doctor/1",
                "ok": not bad,
                "checks": [asdict(finding) for finding in findings],
            }
        )
    else:
        printing.lines(line for finding in findings for line in _lines(finding))
    return EXIT_PARTLY if bad else EXIT_DONE


def _lines(finding: checks.Finding) -> list[str]:
    return listed(*_MARKS[finding.verdict], finding.name, [finding.found, finding.remedy])
