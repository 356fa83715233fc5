"""Sentences of a drift: kinds, fields and names as people say them."""

from __future__ import annotations

from typing import Any

import pytest

from rtaudit.drift.model import Change
from rtaudit.drift.sentences import change_sentence

FILTER = {"name": "Hate", "source": "Prompt", "blocking": True}


def said(resource_type: str, role: str, path: str, before: Any, after: Any, kind: str = "changed") -> str:
    change = Change(role, resource_type, None, None, "other", kind, path, before, after, "medium", "drift")
    return change_sentence(change, "test", "prod")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            ("microsoft.network/privatednszones/a", "privatelink.openai.azure.com/voice", "", {}, None, "removed"),
            "DNS record privatelink.openai.azure.com/voice exists in test but not in prod.",
            id="a record",
        ),
        pytest.param(
            ("microsoft.insights/scheduledqueryrules", "throttled", "/properties/enabled", True, False),
            "Log alert throttled is enabled in test and disabled in prod.",
            id="a log alert",
        ),
        pytest.param(
            ("microsoft.consumption/budgets", "voice", "", None, {}, "added"),
            "Budget voice exists in prod but not in test.",
            id="a budget",
        ),
        pytest.param(
            (
                "microsoft.insights/activitylogalerts",
                "retirements",
                "/properties/actions/actionGroups",
                [],
                [{"actionGroupId": "{actiongroups oncall}"}],
            ),
            "Action groups of activity log alert retirements differ between test and prod: prod adds oncall.",
            id="a group goes by its name",
        ),
        pytest.param(
            (
                "microsoft.cognitiveservices/accounts/raipolicies",
                "voice/guard",
                "/properties/contentFilters",
                [{**FILTER, "severityThreshold": "Medium"}],
                [{**FILTER, "severityThreshold": "High"}],
            ),
            "Content filters of content policy voice/guard differ between test and prod: Hate on Prompt: severity threshold Medium → High.",
            id="a field of an element in words",
        ),
    ],
)
def test_a_change_in_plain_words(change: tuple[Any, ...], sentence: str):
    assert said(*change) == sentence
