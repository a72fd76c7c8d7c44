"""Subscription plans: the one asked for, and the smallest that carries a team."""

from __future__ import annotations

from collections.abc import Callable

from tmux_orch.domain.errors import BadInput
from tmux_orch.domain.roles import Subscription, Templates


def named(templates: Templates, name: str) -> Subscription:
    """The plan called ``name``; the default one when that is empty.

    Raises:
        BadInput: there is none; the next step lists the plans.
    """
    plan = templates.subscriptions.get(name or templates.default_subscription)
    if plan is None:
        known = ", ".join(templates.subscriptions)
        raise BadInput(f"no plan {name[:60]!r}", f"the plans are {known}")
    return plan


def way_out(templates: Templates, carries: Callable[[Subscription], bool]) -> str:
    """The next step for a person whose plan is too small: the smallest one that ``carries``."""
    for plan in sorted(templates.subscriptions.values(), key=lambda one: one.cap):
        if carries(plan):
            return f"use --plan {plan.name} ({plan.cap} agents), or ask for fewer"
    return "no plan carries so many; ask for fewer"
