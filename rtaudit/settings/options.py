"""Options: what the commands share, one row each; signatures, completion, `rtaudit.yaml` and its schema follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtaudit.settings.row import OptionKey, option, rows

_SCOPE, _REACH, _HOW = "What to collect", "Authentication and endpoint", "Execution"
_PATH = "A path is read from this file's folder."


@dataclass(repr=False, eq=False)
class Label:
    """Which environment is meant."""

    environment: str | None = option(
        "--environment", "-e", metavar="LABEL", values="environments",
        help="Label of the environment, such as prod. Options default to its settings in rtaudit.yaml.",
    )  # fmt: skip
    config: str | None = option(
        "--config", metavar="FILE",
        help="The file that names the environments; `none`: no file. [default: rtaudit.yaml, if present]",
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class Scope:
    """What is collected."""

    subscription: Sequence[str] = option(
        "--subscription", "-s", default=(), metavar="SUBSCRIPTION", help="Id or name; repeatable.", panel=_SCOPE,
        key=OptionKey("subscriptions", "Subscriptions, by id or name, as -s.", "list"),
    )  # fmt: skip
    all_subscriptions: bool = option(
        "--all-subscriptions", default=False, help="Every subscription that the credential can see.", panel=_SCOPE,
        key=OptionKey("allSubscriptions", "Every subscription that the credential can see.", "boolean"),
    )  # fmt: skip
    resource_group: Sequence[str] = option(
        "--resource-group", "-g", default=(), metavar="GROUP", panel=_SCOPE,
        help="Only accounts in this resource group; repeatable.",
        key=OptionKey("resourceGroups", "Only accounts in these resource groups, as -g.", "list"),
    )  # fmt: skip
    account: Sequence[str] = option(
        "--account", "-a", default=(), metavar="ACCOUNT", help="Only this account (name or id); repeatable.",
        panel=_SCOPE, key=OptionKey("accounts", "Only these accounts (name or id), as -a.", "list"),
    )  # fmt: skip
    aspect: Sequence[str] = option(
        "--aspect", default=(), metavar="NAME", panel=_SCOPE, values="aspects",
        help="An opt-in aspect to read too, or the only default ones to read; repeatable. An unknown name lists them.",
    )  # fmt: skip
    skip: Sequence[str] = option(
        "--skip", default=(), metavar="NAME", help="Do not read this aspect; repeatable.", panel=_SCOPE,
        values="aspects", key=OptionKey("skip", "Aspects that are not read, as --skip.", "list"),
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class Login:
    """Where Azure is, and who asks it."""

    tenant: str | None = option(
        "--tenant",
        metavar="ID",
        help="Tenant to log in to.",
        panel=_REACH,
        key=OptionKey("tenant", "Tenant to log in to."),
    )
    cloud: str = option(
        "--cloud", default="AzureCloud", metavar="CLOUD", panel=_REACH, values="clouds",
        help="AzureCloud, AzureUSGovernment or AzureChinaCloud.",
        key=OptionKey("cloud", "The Azure cloud; AzureCloud by default.", "words"),
    )  # fmt: skip
    arm_endpoint: str | None = option(
        "--arm-endpoint", metavar="URL", help="Another Resource Manager: https, or http on loopback.", panel=_REACH
    )
    audience: str | None = option("--audience", metavar="URL", help="Token audience for --arm-endpoint.", panel=_REACH)
    auth: str = option(
        "--auth", default="default", metavar="METHOD", panel=_REACH, values="methods",
        help="How to log in: {values}.",
        key=OptionKey("auth", "How to log in, as --auth.", "words"),
    )  # fmt: skip
    timeout: float | None = option(
        "--timeout",
        metavar="SECONDS",
        minimum=0.1,
        help="Stop after this many seconds and keep what was read.",
        panel=_HOW,
    )
    verbose: bool = option("--verbose", default=False, help="Print every call on stderr.", panel=_HOW)
    log_file: str | None = option("--log-file", metavar="FILE", help="Append every call to this file.", panel=_HOW)


@dataclass(repr=False, eq=False)
class Collecting:
    """How a collection goes on."""

    fill: str | None = option(
        "--fill", metavar="OLD.json", panel=_SCOPE,
        help="Ask only for what the gaps of this snapshot name; keep the rest.",
    )  # fmt: skip
    concurrency: int = option(
        "--concurrency",
        default=48,
        metavar="N",
        minimum=1,
        maximum=256,
        help="Maximum concurrent requests.",
        panel=_HOW,
    )
    progress: str = option(
        "--progress", default="auto", metavar="HOW", help="How progress is shown on stderr: {values}.", panel=_HOW,
        values="progress",
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class Sharding:
    """Which part of a collection is read here."""

    shard: str | None = option(
        "--shard", metavar="K/N", help="Read the K-th of N parts; `snapshot merge` joins them.", panel=_SCOPE
    )


@dataclass(repr=False, eq=False)
class Contracts:
    """The clients of an environment."""

    client: Sequence[str] = option(
        "--client", default=(), metavar="FILE",
        help="A client contract of the environment, in place of the snapshot's own; repeatable.",
        key=OptionKey("contracts", f"Client contracts, as --client. {_PATH}", "list", path=True),
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class ForPacks:
    """What packs need to be collected."""

    for_packs: Sequence[str] = option(
        "--for", default=(), metavar="PACK", values="policies",
        help="Also read the opt-in aspects that this pack's rules read; repeatable.",
        key=OptionKey("policies", f"Packs, by name or path, as --policy. {_PATH}", "list", path=True),
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class Expecting:
    """What must be there before anything is collected."""

    expect: Sequence[str] = option(
        "--expect", default=(), metavar="FILE", help="A client contract whose targets must be there; repeatable.",
        key=OptionKey("contracts", f"Client contracts, as --client. {_PATH}", "list", path=True),
    )  # fmt: skip
    expect_deployment: Sequence[str] = option(
        "--expect-deployment", default=(), metavar="ACCOUNT/NAME", help="A deployment that must be there; repeatable."
    )
    expect_region: Sequence[str] = option(
        "--expect-region", default=(), metavar="ACCOUNT=REGION", help="Where an account must be; repeatable."
    )


_PLAN = "Planned deployment"


@dataclass(repr=False, eq=False)
class Planning:
    """A deployment that is planned."""

    model: str | None = option(
        "--model", metavar="NAME", help="Check whether a deployment of this model can be created.",
        panel=_PLAN,
    )  # fmt: skip
    version: str | None = option(
        "--version", metavar="VERSION", help="Version of the model. [default: the region's default]", panel=_PLAN
    )
    sku: str | None = option(
        "--sku", metavar="SKU", help="SKU of the deployment. [default: GlobalStandard]", panel=_PLAN
    )
    capacity: int | None = option(
        "--capacity",
        metavar="UNITS",
        help="Capacity of the deployment, in units of the SKU. [default: 1]",
        minimum=1,
        panel=_PLAN,
    )
    region: str | None = option(
        "--region", metavar="REGION", help="Where, for an account that does not exist yet.", panel=_PLAN
    )


@dataclass(repr=False, eq=False)
class Checking:
    """How snapshots are checked."""

    policy: Sequence[str] = option(
        "--policy", "-p", default=(), metavar="NAME|PATH", values="policies",
        help="A built-in pack, or a file or folder; repeatable. [default: production]",
        key=OptionKey("policies", f"Packs, by name or path, as --policy. {_PATH}", "list", path=True),
    )  # fmt: skip
    settings: Sequence[str] = option(
        "--set", default=(), metavar="PARAM=VALUE", help="A parameter, its value in YAML; repeatable.",
        key=OptionKey("params", "Parameters of the packs, by name, as --set.", "mapping"),
    )  # fmt: skip
    as_of: str | None = option("--as-of", metavar="DATE", help="Evaluate as of this date, YYYY-MM-DD. [default: today]")
    probe: Sequence[str] = option(
        "--probe",
        default=(),
        metavar="FILE",
        help="A probe that `rtaudit probe -o json` wrote, to check as well; repeatable.",
    )
    waivers: str | None = option(
        "--waivers", metavar="FILE", help="Accepted findings (rtaudit.waivers/1).",
        key=OptionKey("waivers", f"Accepted findings, as --waivers. {_PATH}", path=True),
    )  # fmt: skip
    baseline: str | None = option(
        "--baseline", metavar="REPORT.json", help="A report whose findings are known and do not block.",
        key=OptionKey("baseline", f"A report whose findings are known, as --baseline. {_PATH}", path=True),
    )  # fmt: skip
    fail_on: str = option(
        "--fail-on", default="high", metavar="SEVERITY", values="thresholds",
        help="Exit 1 for failures of this severity or worse; `none`: never.",
        key=OptionKey("failOn", "The severity from which a failure blocks, as --fail-on; high by default.", "words"),
    )  # fmt: skip
    allow_unknown: Sequence[str] = option(
        "--allow-unknown", default=(), metavar="[=RULE,…]", values="rules",
        help="Do not fail on unknown results: all, or the listed rules (`--allow-unknown=RULE,…`).",
        key=OptionKey("allowUnknown", "true, or the rules whose unknown does not block, as --allow-unknown.", "rules"),
    )  # fmt: skip
    allow_edited: bool = option(
        "--allow-edited",
        default=False,
        help="Check a snapshot whose digest does not fit its content; every output says so.",
    )


@dataclass(repr=False, eq=False)
class View:
    """How an answer is shown."""

    group_by: str | None = option(
        "--group-by", metavar="account|rule|severity", help="Group the table by this.", values="groupings"
    )
    show: Sequence[str] = option(
        "--show", default=(), metavar="OUTCOME", values="outcomes",
        help="Outcomes or severities to list (also `known`, `all`; of a drift: drift, unknown, expected, ignored); repeatable.",
    )  # fmt: skip
    details: bool = option(
        "--details",
        default=False,
        help="Show evidence, full ids and az commands; of a drift, a column for each environment.",
    )


@dataclass(repr=False, eq=False)
class OutputFormats:
    """What is written where."""

    output: Sequence[str] = option(
        "--output", "-o", default=(), metavar="FORMAT[=PATH]", values="formats",
        help="Format, FORMAT=PATH, or a path whose extension says the format; can be given several times. Formats: {values}.",
    )  # fmt: skip


@dataclass(repr=False, eq=False)
class EvidenceBundle:
    """What is kept of a check."""

    evidence: str | None = option(
        "--evidence", metavar="DIR", help="Write snapshot, policy, report and manifest into a folder."
    )


@dataclass(repr=False, eq=False)
class Steps:
    """What an HTML report says besides."""

    steps: bool = option("--steps", default=False, help="Put the steps to ready, each proved, into an HTML report.")


@dataclass(repr=False, eq=False)
class Mending:
    """Which steps a runbook takes, and how it is written."""

    every: bool = option("--all", default=False, help="Take every failure, not only what blocks.")
    answer: Sequence[str] = option(
        "--answer", default=(), metavar="NAME=VALUE", help="A value for what commands ask for; repeatable."
    )
    shell: str | None = option(
        "--shell", metavar="bash|pwsh", values="shells", help="Quote commands for this shell. [the platform's]"
    )
    output: Sequence[str] = option(
        "--output", "-o", default=(), metavar="FORMAT[=PATH]", values="runbooks",
        help="Format, FORMAT=PATH, or a path whose extension says the format: table, markdown, sh, ps1, json, html.",
    )  # fmt: skip


SNAPSHOT = OptionKey("snapshot", f"Where collect and audit write the snapshot, and check reads it. {_PATH}", path=True)


@dataclass(repr=False, eq=False)
class Kept:
    """Where a collection goes."""

    snapshot: str | None = option(
        "--snapshot", metavar="FILE", help="Also keep what was collected in this file.", key=SNAPSHOT
    )


@dataclass(repr=False, eq=False)
class Written:
    """Where a collection is written."""

    output: str | None = option(
        "--output", "-o", metavar="FILE", help="Where to write the snapshot; stdout without it.", key=SNAPSHOT
    )


@dataclass(repr=False, eq=False)
class Snapshots:
    """What is checked."""

    snapshot: Sequence[str] = option(
        default=(), metavar="SNAPSHOT…", key=SNAPSHOT,
        help="Snapshot files, or - for standard input; with -e those of rtaudit.yaml.",
    )  # fmt: skip


GROUPS = (
    Label, Login, Scope, Collecting, Sharding, Snapshots, Kept, Written, Checking, Contracts, ForPacks, Expecting, Planning, EvidenceBundle, View, OutputFormats, Steps, Mending
)  # fmt: skip
"""Every group."""


def keys() -> dict[str, tuple[OptionKey, str | None]]:
    """The keys of `rtaudit.yaml`, by name, each with the name of its option's list of values."""
    found: dict[str, tuple[OptionKey, str | None]] = {}
    for group in GROUPS:
        for _, row in rows(group):
            if row.key is not None:
                found.setdefault(row.key.name, (row.key, row.values))
    return found
