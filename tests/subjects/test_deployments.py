"""Facts of deployments, one table of cases each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rtaudit.subjects.dates import parse_date
from tests.subjects.estates import (
    ACCOUNT,
    GROUP,
    LOCATION,
    Resource,
    account,
    deployment,
    estate,
    gap,
    models,
    row,
    the,
    usages,
)

REALTIME = {"realtime": "true"}
NOT_REALTIME = {"realtime": "false"}


@pytest.mark.parametrize(
    ("name", "version", "capabilities", "role"),
    [
        # Capabilities are strings; "false" is a text like any other to Python.
        ("gpt-realtime", "2025-08-28", REALTIME, "speech"),
        ("gpt-realtime", "2025-08-28", {"realtime": "True"}, "speech"),
        ("gpt-realtime", "2025-08-28", NOT_REALTIME, "none"),
        ("gpt-audio", "2025-08-28", NOT_REALTIME, "none"),
        ("gpt-realtime", "2025-08-28", {"realtime": True}, "none"),
        ("gpt-4o", "2024-11-20", {"chatCompletion": "true"}, "none"),
        ("gpt-4o", "2024-11-20", None, "none"),
        # Realtime in the version, not in the name.
        ("gpt-4o", "realtime-preview", REALTIME, "speech"),
        ("gpt-4o", "realtime-preview", None, "speech"),
        ("gpt-4o-mini-realtime-preview", "2024-12-17", {}, "speech"),
        # Models that claim the capability and do not converse.
        ("gpt-4o-transcribe", "2025-03-20", REALTIME, "transcription"),
        ("gpt-4o-mini-transcribe", "2025-12-15", REALTIME, "transcription"),
        ("gpt-realtime-whisper", "2026-05-06", REALTIME, "transcription"),
        ("gpt-realtime-translate", "2026-05-06", REALTIME, "translation"),
        ("gpt-4o-mini-tts", "2025-12-15", REALTIME, "none"),
        ("gpt-4o-transcribe-diarize", "2025-10-15", NOT_REALTIME, "none"),
        ("whisper", "001", {"audio": "true"}, "none"),
        ("gpt-live", "2026-09-01", None, "live"),
        ("gpt-live-mini", "2026-09-01", REALTIME, "live"),
        ("gpt-lively", "1", None, "none"),
        ("my-realtimes", "1", None, "none"),
    ],
)
def test_realtime_role_by_the_catalogue(name: str, version: str, capabilities: Any, role: str) -> None:
    stated = {} if capabilities is None else {"capabilities": capabilities}
    one = the("deployment", account(), deployment(name, version), models(row(name, version, **stated)))
    assert one.fact("realtimeRole") == role
    assert not one.join("facts.realtimeRole").gaps
    assert name in one.fact("realtimeEvidence")


@pytest.mark.parametrize(
    ("name", "version", "own", "role"),
    [
        ("gpt-realtime-9", "2027-01-01", {}, "speech"),
        ("GPT-Realtime", "2027-01-01", {}, "speech"),
        ("gpt-4o", "realtime-preview", {}, "speech"),
        ("gpt-realtime-translate", "1", {}, "translation"),
        ("gpt-live-2", "1", {}, "live"),
        ("anything", "1", {"capabilities": REALTIME}, "speech"),
        ("gpt-4o", "2024-11-20", {}, "unknown"),
        ("gpt-4o-transcribe", "2025-03-20", {}, "unknown"),
        ("", "", {}, "unknown"),
    ],
)
@pytest.mark.parametrize("why", ["no row", "denied", "skipped", "no catalogue"])
def test_realtime_role_without_a_row(name: str, version: str, own: Any, role: str, why: str) -> None:
    resources = [account(), deployment(name, version, **own)]
    settings: dict[str, Any] = {}
    if why == "no row":
        resources.append(models(row("another", "1", capabilities=REALTIME)))
    elif why == "denied":
        settings["gaps"] = [gap("models", f"{LOCATION}/models")]
    elif why == "skipped":
        settings["aspects"] = ["accounts", "deployments"]
    one = the("deployment", *resources, **settings)
    joined = one.join("facts.realtimeRole")
    assert joined.value == role
    assert bool(joined.gaps) is (role == "unknown")


@pytest.mark.parametrize(
    ("name", "own", "publisher", "role"),
    [
        ("gpt-4.1-mini.ft-0a1b", {"chatCompletion": "true", "responses": "true"}, "OpenAI", "none"),
        ("gpt-4.1-mini.ft-0a1b", {}, "OpenAI", "none"),
        ("gpt-realtime-mini.ft-0a1b", {}, "OpenAI", "speech"),
        ("gpt-4o.ft-0a1b", {"realtime": "true"}, "OpenAI", "speech"),
        ("command-x", {}, "Cohere", "none"),
        ("embedder-9", {"embeddings": "true"}, "OpenAI", "none"),
        ("house-voice", NOT_REALTIME, "OpenAI", "none"),
        ("house-voice", {"chatCompletion": "false"}, "OpenAI", "unknown"),
        ("house-voice", {"allowProvisionedManagedCommitment": "true"}, "OpenAI", "unknown"),
    ],
)
def test_an_unlisted_model_is_what_it_says_itself(name: str, own: Any, publisher: str, role: str) -> None:
    one = deployment(name, "1", capabilities=own)
    one["properties"]["model"]["format"] = publisher
    assert the("deployment", account(), one, models(row("other", "1"))).fact("realtimeRole") == role
    # The catalogue may know better, where it could not be read.
    unread = the("deployment", account(), one, gaps=[gap("models", f"{LOCATION}/models")])
    assert unread.fact("realtimeRole") == ("unknown" if role == "none" else role)


@pytest.mark.parametrize("stated", [{}, {"capabilities": NOT_REALTIME}, {"capabilities": {}}])
def test_what_the_deployment_itself_claims_comes_first(stated: Any) -> None:
    one = the(
        "deployment",
        account(),
        deployment("voice-x", "1", capabilities=REALTIME),
        models(row("voice-x", "1", **stated)),
    )
    assert one.fact("realtimeRole") == "speech"
    assert one.fact("realtimeEvidence") == "capability realtime=true of the deployment itself"


def test_only_speech_and_unknown_are_realtime_deployments() -> None:
    names = [
        "gpt-realtime",
        "gpt-4o-transcribe",
        "gpt-4o-mini-tts",
        "gpt-realtime-translate",
        "gpt-live",
        "gpt-4o",
        "mystery",
    ]
    deployed = [deployment(name, "1", at=f"{ACCOUNT}/deployments/{name}") for name in names]
    rows = [row(name, "1", capabilities=REALTIME if name != "gpt-4o" else {}) for name in names[:-1]]
    found = estate(account(), *deployed, models(*rows)).each("realtimeDeployment")
    assert [one.name for one in found] == ["gpt-realtime", "mystery"]


def test_the_row_is_that_of_kind_format_name_and_version() -> None:
    rows = [
        row(kind="OpenAI", lifecycleStatus="of kind OpenAI"),
        row("gpt-realtime", "2026-01-01", lifecycleStatus="of another version"),
        row(format="Meta", lifecycleStatus="of another format"),
        row("GPT-Realtime", "2025-08-28", kind="aiservices", lifecycleStatus="this one"),
    ]
    one = the("deployment", account(), deployment(), models(*rows))
    assert one.join("model").value["lifecycleStatus"] == "this one"
    other = the("deployment", account(kind="OpenAI"), deployment(), models(*rows))
    assert other.join("model").value["lifecycleStatus"] == "of kind OpenAI"


@pytest.mark.parametrize("location", ["eastus2", "East US 2", "EASTUS2", "EastUS2"])
def test_the_catalogue_is_that_of_the_region_in_any_spelling(location: str) -> None:
    elsewhere = models(row(lifecycleStatus="elsewhere"), at=LOCATION.replace("eastus2", "westus"))
    here = models(row(lifecycleStatus="here"), at=LOCATION.upper())
    one = the("deployment", account(location=location), deployment(), elsewhere, here)
    assert one.join("model").value["lifecycleStatus"] == "here"


@pytest.mark.parametrize("location", [None, "", "/", "../..", 5, ["eastus2"]])
def test_a_region_that_is_none_is_a_gap(location: Any) -> None:
    one = the("deployment", {**account(), "location": location}, deployment("gpt-4o", "1"), models(row()))
    assert one.join("model").value is None
    assert one.join("model").gaps


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2027-02-28T00:00:00Z", date(2027, 2, 28)),
        ("2026-05-22T20:09:19.2713137Z", date(2026, 5, 22)),
        ("2026-05-22T20:09:19.291181Z", date(2026, 5, 22)),
        ("2026-05-22 20:09:19", date(2026, 5, 22)),
        ("2026-05-22", date(2026, 5, 22)),
        ("02/18/2026 20:06:37", date(2026, 2, 18)),
        ("02/18/2026", date(2026, 2, 18)),
        ("2026-01-01T00:00:00Z/2026-02-01T00:00:00Z", date(2026, 1, 1)),
        ("2026-01-01/2026-02-01", date(2026, 1, 1)),
        ("2026-02-30", None),
        ("18/02/2026", None),
        ("2026-1-1", None),
        ("soon", None),
        ("", None),
        (None, None),
        (20260101, None),
        (["2026-01-01"], None),
    ],
)
def test_dates_as_azure_writes_them(value: Any, day: date | None) -> None:
    assert parse_date(value) == day


INFERENCE = "deprecation.inference"
SKU = "skus[GlobalStandard].deprecationDate"


def _skus(**dates: Any) -> list[Resource]:
    return [{"name": name, "deprecationDate": day} for name, day in dates.items()]


@pytest.mark.parametrize(
    ("model", "day", "source"),
    [
        ({"deprecation": {"inference": "2027-02-28T00:00:00Z"}}, "2027-02-28", INFERENCE),
        ({"deprecation": {"inference": "2027-02-28"}, "skus": _skus(GlobalStandard="2026-12-01")}, "2026-12-01", SKU),
        (
            {"deprecation": {"inference": "2026-02-28"}, "skus": _skus(GlobalStandard="2026-12-01")},
            "2026-02-28",
            INFERENCE,
        ),
        ({"deprecation": {"inference": "2027-02-28"}, "skus": _skus(Standard="2026-01-01")}, "2027-02-28", INFERENCE),
        ({"skus": _skus(globalstandard="2026-12-01")}, "2026-12-01", "skus[globalstandard].deprecationDate"),
        ({"deprecation": {"inference": "02/18/2026 20:06:37"}}, "2026-02-18", INFERENCE),
        ({"deprecation": {"fineTune": "2025-01-01"}}, ..., ...),
        ({"deprecation": None, "skus": None}, ..., ...),
        ({}, ..., ...),
        # A date that cannot be read is not "no date", and does not leave the other one to decide.
        ({"deprecation": {"inference": "soon"}}, ..., ...),
        ({"deprecation": {"inference": "soon"}, "skus": _skus(GlobalStandard="2026-12-01")}, ..., ...),
    ],
)
def test_retirement_is_the_earlier_date(model: Resource, day: Any, source: Any) -> None:
    one = the("deployment", account(), deployment(), models(row(**model)))
    for fact, expected in (("facts.retirementDate", day), ("facts.retirementSource", source)):
        joined = one.join(fact)
        assert (... if joined.gaps else joined.value) == expected


def test_retirement_dates_say_what_is_readable_and_what_is_not() -> None:
    dates = {"deprecation": {"inference": "soon"}, "skus": _skus(GlobalStandard="2026-12-01")}
    joined = the("deployment", account(), deployment(), models(row(**dates))).join("facts.retirementDates")
    assert joined.value == [{"date": "2026-12-01", "source": SKU}]
    assert "soon" in (joined.gaps[0].message or "")
    nothing = the("deployment", account(), deployment(), models(row())).join("facts.retirementDates")
    assert (nothing.value, nothing.gaps) == ([], ())
    no_row = the("deployment", account(), deployment(), models()).join("facts.retirementDates")
    assert no_row.gaps[0].code == "NotInCatalogue"


@pytest.mark.parametrize(
    ("stated", "effective"),
    [
        ({}, "OnceCurrentVersionExpired"),
        ({"versionUpgradeOption": None}, "OnceCurrentVersionExpired"),
        ({"versionUpgradeOption": "NoAutoUpgrade"}, "NoAutoUpgrade"),
        ({"versionUpgradeOption": "OnceNewDefaultVersionAvailable"}, "OnceNewDefaultVersionAvailable"),
    ],
)
def test_upgrade_option(stated: Resource, effective: str) -> None:
    assert the("deployment", account(), deployment(**stated)).fact("effectiveUpgradeOption") == effective


@pytest.mark.parametrize(
    ("limits", "per_minute"),
    [
        ([{"key": "request", "renewalPeriod": 60, "count": 10}], 10),
        ([{"key": "request", "renewalPeriod": 10, "count": 1}], 6),
        (
            [{"key": "token", "renewalPeriod": 60, "count": 1000}, {"key": "Request", "renewalPeriod": 60, "count": 5}],
            5,
        ),
        ([{"key": "token", "renewalPeriod": 60, "count": 1000}], ...),
        ([{"key": "request", "renewalPeriod": 0, "count": 10}], ...),
        ([{"key": "request", "renewalPeriod": "60", "count": 10}], ...),
        ([{"key": "request", "count": True, "renewalPeriod": 60}], ...),
        ([None, 5, "request"], ...),
        (None, ...),
    ],
)
def test_requests_per_minute(limits: Any, per_minute: Any) -> None:
    joined = the("deployment", account(), deployment(rateLimits=limits)).join("facts.requestsPerMinute")
    assert (... if joined.gaps else joined.value) == per_minute


USAGE = "OpenAI.GlobalStandard.gpt-realtime"
CATALOGUE = models(row(skus=[{"name": "GlobalStandard", "usageName": USAGE}]))


def _usage(used: Any, limit: Any, name: str = USAGE) -> Resource:
    return {"name": {"value": name}, "currentValue": used, "limit": limit}


@pytest.mark.parametrize(
    ("resources", "use"),
    [
        ([CATALOGUE, usages(_usage(9, 10))], 0.9),
        ([CATALOGUE, usages(_usage(9.0, 10.0, USAGE.upper()))], 0.9),
        ([CATALOGUE, usages(_usage(12, 10))], 1.2),
        ([CATALOGUE, usages(_usage(0, 0))], ...),
        ([CATALOGUE, usages(_usage(None, 10))], ...),
        ([CATALOGUE, usages(_usage(1, 10, "OpenAI.Standard.gpt-realtime"))], ...),
        ([CATALOGUE], ...),
        ([usages(_usage(9, 10))], ...),
        ([models(row()), usages(_usage(9, 10))], ...),
    ],
)
def test_quota_is_joined_by_the_usage_name_of_the_own_sku(resources: list[Resource], use: Any) -> None:
    joined = the("deployment", account(), deployment(), *resources).join("facts.quotaUse")
    assert (... if joined.gaps else joined.value) == use


def _policy(name: str, base: str | None = None, *filters: tuple[str, str], **properties: Any) -> Resource:
    made = [
        {"name": one, "source": "Prompt", "enabled": True, "blocking": True, "severityThreshold": level}
        for one, level in filters
    ]
    return {
        "id": f"{ACCOUNT}/raiPolicies/{name}",
        "properties": {"basePolicyName": base, "contentFilters": made, **properties},
    }


@pytest.mark.parametrize(
    ("named", "policies", "filters", "known"),
    [
        ("strict", [_policy("strict", None, ("Hate", "Low"))], {"Hate": "Low"}, True),
        ("STRICT", [_policy("Strict", None, ("Hate", "Low"))], {"Hate": "Low"}, True),
        # The policy's own over those of its base, through the whole chain.
        (
            "a",
            [
                _policy("a", "b", ("Hate", "Low")),
                _policy("b", "C", ("hate", "High"), ("Violence", "High")),
                _policy("c", "", ("Violence", "Low"), ("Sexual", "Medium")),
            ],
            {"Hate": "Low", "Violence": "High", "Sexual": "Medium"},
            True,
        ),
        # A circle ends.
        (
            "a",
            [_policy("a", "b", ("Hate", "Low")), _policy("b", "A", ("Violence", "High"))],
            {"Hate": "Low", "Violence": "High"},
            True,
        ),
        ("a", [_policy("a", "a", ("Hate", "Low"))], {"Hate": "Low"}, True),
        # Microsoft's own, listed by the account and not.
        ("Microsoft.DefaultV2", [_policy("Microsoft.DefaultV2", None, ("Hate", "Medium"))], {"Hate": "Medium"}, True),
        ("Microsoft.DefaultV2", [], {}, False),
        ("a", [_policy("a", "Microsoft.DefaultV2", ("Hate", "Low"))], {"Hate": "Low"}, False),
        ("gone", [_policy("a")], {}, False),
        (None, [_policy("a", None, ("Hate", "Low"))], {}, False),
        ("", [_policy("a")], {}, False),
        ("a", [_policy("a", contentFilters=None)], {}, True),
        ("a", [_policy("a", contentFilters=[None, "x"])], {}, True),
    ],
)
def test_effective_filters(named: str | None, policies: list[Resource], filters: dict[str, str], known: bool) -> None:
    joined = the("deployment", account(), deployment(raiPolicyName=named), *policies).join("facts.effectiveFilters")
    assert {one["name"]: one["severityThreshold"] for one in joined.value} == filters
    assert bool(joined.gaps) is not known


def test_filters_by_source_do_not_hide_each_other() -> None:
    both = [{"name": "Hate", "source": source, "severityThreshold": source} for source in ("Prompt", "Completion")]
    one = the("deployment", account(), deployment(raiPolicyName="a"), _policy("a", contentFilters=both))
    assert len(one.fact("effectiveFilters")) == 2


@pytest.mark.parametrize(
    ("named", "gaps", "known"),
    [
        ("a", [], True),
        ("A", [], True),
        ("gone", [], ...),
        ("gone", [gap("contentPolicies", ACCOUNT)], ...),
        ("a", [gap("contentPolicies", ACCOUNT)], True),
        ("microsoft.Default", [], True),
        ("Microsoft.DefaultV2", [gap("contentPolicies", ACCOUNT)], True),
    ],
)
def test_whether_the_policy_is_known(named: str, gaps: list[Any], known: Any) -> None:
    joined = the("deployment", account(), deployment(raiPolicyName=named), _policy("a"), gaps=gaps).join(
        "facts.namesKnownPolicy"
    )
    assert (... if joined.gaps else joined.value) == known


@pytest.mark.parametrize(
    ("named", "mode"),
    [("a", "Asynchronous_filter"), ("b", None), ("gone", ...), (None, ...), ("Microsoft.DefaultV2", ...)],
)
def test_filter_mode(named: str | None, mode: Any) -> None:
    policies = [_policy("a", mode="Asynchronous_filter"), _policy("b")]
    joined = the("deployment", account(), deployment(raiPolicyName=named), *policies).join("facts.filterMode")
    assert (... if joined.gaps else joined.value) == mode


def _requests(status: Any, total: Any, name: str = "talk") -> Resource:
    return {"name": "AzureOpenAIRequests", "deployment": name, "statusCode": status, "total": total}


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([_requests("200", 99), _requests("429", 1)], 0.01),
        ([_requests("200", 99), _requests(429, 1, "TALK")], 0.01),
        ([_requests("200", 99), _requests("429", 1, "other")], 0),
        ([_requests("200", 99, "other")], None),
        ([_requests("429", None), None], None),
        ([{"name": "AzureOpenAIRequests", "total": 0}], None),
        # An answer that does not name the metric did not come.
        ([], ...),
        ([{"name": "RealtimeUsageTime", "deployment": "talk", "total": 9}], ...),
        (None, ...),
    ],
)
def test_throttled_share(rows: list[Resource] | None, share: Any) -> None:
    stored = [] if rows is None else [{"id": f"{ACCOUNT}/providers/Microsoft.Insights/metrics", "value": rows}]
    joined = the("deployment", account(), deployment(), *stored).join("facts.throttledShare")
    assert (... if joined.gaps else joined.value) == share


def test_deployments_of_other_kinds_of_account_are_none() -> None:
    other = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/speech"
    found = estate(account(other, kind="SpeechServices"), deployment(at=f"{other}/deployments/talk"))
    assert found.accounts == []
    assert found.deployments == []


@pytest.mark.parametrize("name", ["talk", "providers", "Talk-2", "accounts"])
def test_a_deployment_has_its_account_whatever_its_name(name: str) -> None:
    one = the("deployment", account(), deployment(at=f"{ACCOUNT.upper()}/deployments/{name}"))
    assert one.join("account").value["id"] == ACCOUNT
    assert one.fact("modelAndVersion") == "gpt-realtime@2025-08-28"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("Microsoft.DefaultV9", "what this policy of Microsoft filters is not known"),
        ("house-rules", "it may be one of the subscription, which is not read"),
    ],
)
def test_a_content_policy_that_the_account_does_not_list(named: str, words: str) -> None:
    (unread,) = the("deployment", account(), deployment(raiPolicyName=named)).join("facts.effectiveFilters").gaps
    assert unread.message == f"the account does not list the content policy {named}: {words}"
