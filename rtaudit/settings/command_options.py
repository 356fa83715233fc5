"""Command options: the options that one command alone takes, one row each, as `rtaudit.settings.options` for those that several share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtaudit.settings.options import Checking, Login, OutputFormats
from rtaudit.settings.row import option, same

# fmt: off


@dataclass(repr=False, eq=False)
class Compared:
    """`diff`: what is compared, and how."""

    snapshots: Sequence[str] = option(
        required=True, metavar="BASE.json OTHER.json…", help="Snapshots; the first is the base. With --git: one.")
    role_map: str | None = option("--map", metavar="FILE", help="Which resources are counterparts (rtaudit.map/1).")
    pair_by: str | None = option("--pair-by", metavar="tag:NAME", help="Pair accounts by the value of a tag.")
    drift_policy: str | None = option(
        "--drift-policy", metavar="FILE",
        help="What is ignored, expected, how severe the rest is (rtaudit.driftpolicy/1).")
    git: str | None = option(
        "--git", metavar="REV", help="Compare the file as it was at this revision with the file as it is.")
    fail_on: str = option(
        "--fail-on", default="low", metavar="SEVERITY", values="thresholds",
        help="Drift of this severity or worse ends with exit code 1; none: never.")
    policy: str = option(
        "--policy", "-p", default="production", metavar="NAME|PATH|none", values="policies",
        help="Also show which of this pack's rules change outcome because of a difference.")
    as_of: str | None = same(Checking, "as_of")
    details: bool = option(
        "--details", default=False, help="Show a column for each environment, and what each difference means.")
    output: Sequence[str] = same(OutputFormats, "output")


@dataclass(repr=False, eq=False)
class Drafted:
    """`client init`: what a contract is drafted from."""

    snapshot: Sequence[str] = option(required=True, metavar="SNAPSHOT…", help="Snapshots, one of each environment.")
    name: str = option("--name", default="client", metavar="NAME", help="Name of the client.")
    account: str | None = option("--account", "-a", metavar="NAME|ID", help="The account, where there are several.")
    deployment: str | None = option(
        "--deployment", "-d", metavar="NAME", help="The speech deployment, where there are several.")
    output: str | None = option("--output", "-o", metavar="FILE", help="File to write. [stdout]")


@dataclass(repr=False, eq=False)
class Scanned:
    """`client scan`: which source is read, and how it is checked."""

    path: Sequence[str] = option(
        required=True, metavar="PATH…", help="Source trees, folders of configuration, or files.")
    exclude: Sequence[str] = option(
        "--exclude", default=(), metavar="GLOB", help="Leave these out, written as in .gitignore; repeatable.")
    policy: Sequence[str] = option(
        "--policy", "-p", default=(), metavar="PATH", help="Also the source checks in a file or folder; repeatable.")
    waivers: str | None = same(Checking, "waivers")
    baseline: str | None = same(Checking, "baseline")
    fail_on: str = same(Checking, "fail_on", key=None)
    draft: str | None = option("--draft", metavar="FILE", help="Also write a draft contract of what was seen.")
    name: str = same(Drafted, "name")
    show: Sequence[str] = option(
        "--show", default=(), metavar="OUTCOME", values="outcomes",
        help="Outcomes to list (also `known`, `all`); repeatable.")
    output: Sequence[str] = same(OutputFormats, "output")


@dataclass(repr=False, eq=False)
class Plans:
    """`plan`: what is read as a snapshot."""

    files: Sequence[str] = option(required=True, metavar="FILE...", help="Plans; - is standard input.")
    label: str | None = option(
        "--environment", "-e", metavar="LABEL", values="environments", help="The label of the environment.")
    base: str | None = option("--with", metavar="SNAPSHOT", help="A collected snapshot of what is deployed now.")
    source: Sequence[str] = option(
        "--source", default=(), metavar="DIR",
        help="The folder of the plan's code: for files and lines. Once for each plan.")
    output: str | None = option("--output", "-o", metavar="FILE", help="Where to write; stdout without it.")


@dataclass(repr=False, eq=False)
class ExtraPacks:
    """`policy list` and `policy explain`: packs besides the built-in ones."""

    policy: Sequence[str] = option(
        "--policy", "-p", default=(), metavar="NAME|PATH", values="policies",
        help="Also these packs, by name or path; repeatable.")


@dataclass(repr=False, eq=False)
class Listed:
    """`policy list`: which rules."""

    pack: str | None = option(
        "--pack", metavar="NAME|PATH", values="policies", help="Only rules that this pack selects (name or path).")
    severity: str | None = option(
        "--severity", metavar="SEVERITY", values="severities", help="Only rules of this severity.")
    group: str | None = option(
        "--group", metavar="GROUP", values="groups", help="Only rules of this group: ID, NET, DNS, OBS, MOD, …")
    output: str = option(
        "--output", "-o", default="table", metavar="table|json", values="table or json", help="How to print.")


@dataclass(repr=False, eq=False)
class Explained:
    """`policy explain`: which rules, and how they are written."""

    rule: Sequence[str] = option(
        default=(), metavar="[RULE]…", values="rules", help="Rule ids; all rules by default.")
    source: bool = option("--source", default=False, help="The source checks of `client scan`, and no rules.")
    output: str = option(
        "--output", "-o", default="text", metavar="text|markdown", values="text or markdown", help="How to print.")
    pages: str | None = option(
        "--pages", metavar="DIR",
        help="With -o markdown: write a page for each group of rules into this folder, and print an index.")


@dataclass(repr=False, eq=False)
class Linted:
    """`policy lint`: which policy."""

    path: str | None = option(metavar="PATH", help="A policy folder, a pack or a file of rules; the library unless given.")
    snapshot: Sequence[str] = option(
        "--snapshot", default=(), metavar="FILE", help="Also name fields that resolve nowhere in it.")


@dataclass(repr=False, eq=False)
class Tested:
    """`policy test`: which cases."""

    path: str | None = option(metavar="PATH", help="A policy folder, a rule file or a file of cases; the library unless given.")
    verbose: bool = option("--verbose", "-v", default=False, help="Name the cases that pass, too.")


@dataclass(repr=False, eq=False)
class Probed:
    """`probe`: where sessions are opened, how many, and with which token."""

    snapshot: str | None = option("--snapshot", metavar="FILE", help="The snapshot that holds the account.")
    account: str | None = option("--account", "-a", metavar="NAME|ID", help="The account, by name or id.")
    deployment: str | None = option(
        "--deployment", "-d", metavar="NAME", help="The deployment; needed where there are several.")
    client: str | None = option(
        "--client", metavar="FILE", help="The contract that says where and how to connect.")
    section: str | None = option(
        "--environment", metavar="LABEL", values="environments", help="Which environment of the contract.")
    endpoint: str | None = option("--endpoint", metavar="URL", help="The address, where there is neither file.")
    count: int = option(
        "--count", "-n", default=1, metavar="N", minimum=1, maximum=1000, help="Sessions to open, in all.")
    concurrency: int = option(
        "--concurrency", default=1, metavar="N", minimum=1, maximum=100, help="Sessions to open at a time.")
    budget_ms: int | None = option(
        "--budget-ms", metavar="MS", minimum=1,
        help="Maximum 95th-percentile time to open a session, in milliseconds.")
    timeout: float = option(
        "--timeout", default=10.0, metavar="SECONDS", minimum=0.1, maximum=120, help="Seconds for each stage.")
    no_session: bool = option(
        "--no-session", default=False, help="Stop before the token: name, TCP, TLS and HTTP only.")
    auth: str = same(Login, "auth", panel=None, key=None)
    tenant: str | None = same(Login, "tenant", panel=None, key=None)
    cloud: str | None = option(
        "--cloud", metavar="CLOUD", values="clouds",
        help="Cloud that the token is for. [that of the snapshot, else of the host]")
    ca_file: str | None = option(
        "--ca-file", metavar="FILE", help="Authorities to trust besides the system's, PEM.")
    connect_to: str | None = option(
        "--connect-to", metavar="ADDRESS[:PORT]", help="Connect there, whatever the name says.")
    allow_host: Sequence[str] = option(
        "--allow-host", default=(), metavar="HOST", help="Send the token to this host too: your own gateway.")
    output: Sequence[str] = option(
        "--output", "-o", default=(), metavar="FORMAT[=PATH]", values="table or json",
        help="table, json, or a path; repeatable.")


@dataclass(repr=False, eq=False)
class Shown:
    """`snapshot show`: what is listed."""

    file: str = option(required=True, metavar="FILE", help="The snapshot; - is standard input.")
    what: str = option(
        "--what", default="accounts", metavar="WHAT", values="inventories",
        help="accounts, deployments, capacity, endpoints, gaps")
    output: str = option(
        "--output", "-o", default="table", metavar="FORMAT[=PATH]", values="table, json or csv",
        help="table, json, csv")
    wide: bool = option("--wide", default=False, help="Show every column, however wide the terminal is.")


@dataclass(repr=False, eq=False)
class Verified:
    """`snapshot verify`: what is compared with its digest."""

    path: str = option(
        required=True, metavar="FILE|DIR", help="A snapshot, or a folder that --evidence wrote.")


@dataclass(repr=False, eq=False)
class Merged:
    """`snapshot merge`: what becomes one snapshot."""

    files: Sequence[str] = option(required=True, metavar="SNAPSHOT...", help="Shards, or parts of one environment.")
    output: str | None = same(Plans, "output")


@dataclass(repr=False, eq=False)
class Redacted:
    """`snapshot redact`: what is copied without names."""

    file: str = same(Shown, "file")
    key: str | None = option(
        "--key", metavar="FILE",
        help="The key of the pseudonyms, for copies that are compared; made where it is not there. Keep it to yourself. "
        "[a key that is thrown away]")
    output: str | None = same(Plans, "output")


@dataclass(repr=False, eq=False)
class Served:
    """`simulate`: what is served, and which faults it has."""

    files: Sequence[str] = option(required=True, metavar="SNAPSHOT", help="Snapshots to serve.")
    port: int = option(
        "--port", default=0, minimum=0, maximum=65535, help="Port on 127.0.0.1; 0 takes one that is free.")
    latency_ms: int = option(
        "--latency-ms", default=0, minimum=0, maximum=60_000, help="Wait before each answer, in milliseconds.")
    throttle: bool = option(
        "--throttle", default=False, help="Allow 250 reads per subscription, refilled at 25 a second; then 429.")
    deny: Sequence[str] = option(
        "--deny", default=(), metavar="PATTERN", help="Refuse paths like this with 403: '*/diagnosticSettings'.")
    fail_rate: float = option(
        "--fail-rate", default=0, minimum=0, maximum=1, help="Share of requests that fail: 500, 503 or a reset.")
    tls: bool = option(
        "--tls", default=False, help="Serve https, with the certificate of a throw-away authority.")
    writable: bool = option(
        "--writable", default=False,
        help="Let PUT, PATCH and DELETE change the served estate, in memory; to try fixes on.")
    save: str | None = option(
        "--save", metavar="FILE", help="At the end, write the estate as a snapshot; with --writable.")
    realtime: str | None = option(
        "--realtime", metavar="ACCOUNT", help="Also serve this account's realtime endpoint, for `rtaudit probe`.")
    behaviour: str = option(
        "--behaviour", default="right", metavar="NAME", values="behaviours",
        help="How the realtime endpoint behaves: right, or one of its faults; an unknown name lists them.")


@dataclass(repr=False, eq=False)
class Rendered:
    """`render`: what is written in other formats."""

    file: str = option(required=True, metavar="REPORT.json", help="What check, audit or diff wrote with -o json.")
    snapshot: Sequence[str] = option(
        "--snapshot", default=(), metavar="FILE",
        help="A snapshot that was checked: adds line numbers to annotations and plots to HTML.")


@dataclass(repr=False, eq=False)
class Printed:
    """`preflight`: how its findings are printed."""

    output: str = option(
        "--output", "-o", default="table", metavar="FORMAT", values="table or json", help="table or json.")


@dataclass(repr=False, eq=False)
class Described:
    """`schema`: which document."""

    document: str = option(required=True, metavar="DOCUMENT", values="schemas", help="{values}")


@dataclass(repr=False, eq=False)
class Demonstrated:
    """`demo`: what is left of it."""

    keep: str | None = option(
        "--keep", metavar="DIR", help="Keep the snapshots and the reports (HTML, JSON) in this folder.")


GROUPS = (
    Compared, Drafted, Scanned, Plans, ExtraPacks, Listed, Explained, Linted, Tested, Probed, Shown, Verified, Merged,
    Redacted, Served, Rendered, Printed, Described, Demonstrated,
)
"""Every group."""
