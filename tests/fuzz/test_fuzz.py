"""Whatever comes in, an answer or a clear error comes out: no traceback, and no file that cannot be read again."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rtaudit.api.checks import diff
from rtaudit.api.source import scan_source
from rtaudit.assets import policies, snapshots
from rtaudit.contract import parse_contract
from rtaudit.drift import dump as dump_drift
from rtaudit.errors import RtauditError
from rtaudit.inventory import INVENTORIES
from rtaudit.policy import load_policies
from rtaudit.policy.check import check
from rtaudit.render import FORMATS, render, whole
from rtaudit.render.inventory import show
from rtaudit.report.files import dump as dump_report
from rtaudit.snapshot import Snapshot, dump
from rtaudit.snapshot.files import parse
from rtaudit.snapshot.merge import merge
from rtaudit.snapshot.redact import redact
from tests.collect.support import Cloud, Reply, gather, running
from tests.fuzz.mutations import TEXTS, VALUES, Fuzzed, mutated

fuzzed = settings(settings.get_profile("fuzz"))
SAMPLE = json.loads((snapshots() / "prod.json").read_text())
PACKS = load_policies(["production"])
DAY = date(2026, 11, 22)
EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "snapshots" / "clients" / "phone-bridge.yaml").read_text())


def judged(snapshot: Snapshot) -> None:
    """Everything that reads a snapshot."""
    report = check([snapshot], PACKS, as_of=DAY)
    assert report.verdict in ("ready", "notReady", "incomplete")
    json.loads(dump_report(report))
    for name in FORMATS:
        whole(render(report, name, snapshots=[snapshot]))
    for what in INVENTORIES:
        json.loads(whole(show(snapshot, what, "json", None)))
    again = redact(snapshot)
    assert parse(dump(again), "again").digest == again.digest
    assert parse(dump(merge([snapshot])), "merged")


@fuzzed
@given(mutated({**SAMPLE, "resources": SAMPLE["resources"][:40]}))
def test_snapshots(fuzzed_sample: Fuzzed) -> None:
    try:
        snapshot = parse(json.dumps(fuzzed_sample.document), "fuzzed.json")
    except RtauditError:
        return
    try:
        judged(snapshot)
        json.loads(dump_drift(diff(snapshot, parse(json.dumps(SAMPLE), "prod.json"), as_of=DAY, rules=PACKS)))
    except RtauditError:
        pass


@st.composite
def answers(draw: st.DrawFn) -> dict[str, bytes]:
    """Some of the answers of Resource Manager, nearly right."""
    cloud = Cloud()
    cloud.server.server_close()
    made: dict[str, bytes] = {}
    for path in draw(
        st.lists(st.sampled_from(sorted({*cloud.lists, *cloud.singles})), min_size=1, max_size=3, unique=True)
    ):
        right = {"value": cloud.lists[path]} if path in cloud.lists else cloud.singles[path]
        body = json.dumps(draw(mutated(right)).document)
        for mark, raw in draw(
            st.sampled_from([[], [('"properties"', '"id"')], [(": 1", ": 1e999")], [("null", "NaN")], [("}", "")]])
        ):
            body = body.replace(mark, raw)
        made[path] = body.encode("utf-8", "surrogatepass")
    return made


@fuzzed
@given(answers(), st.sampled_from([200, 200, 200, 204, 301, 400, 403, 404]))
def test_answers_of_resource_manager(made: dict[str, bytes], status: int) -> None:
    with running() as cloud:
        for path, body in made.items():
            cloud.on(path, Reply(status, body))
        try:
            collected = gather(cloud)
        except RtauditError:
            return
    held = parse(dump(collected.snapshot), "collected.json")
    assert held.digest == collected.snapshot.digest
    judged(held)


def _attempt(read: Callable[[], Any]) -> None:
    with contextlib.suppress(RtauditError):
        read()


GROUPS = sorted(path for path in (policies() / "rules").glob("*.yaml") if not path.name.endswith(".cases.yaml"))


@fuzzed
@given(st.data())
def test_policies(data: st.DataObject) -> None:
    rules = yaml.safe_load(data.draw(st.sampled_from(GROUPS)).read_text())
    pack = {"schema": "rtaudit.policy/1", "name": "fuzzed", "title": "x", "extends": ["baseline"], "rules": rules[:3]}
    document = data.draw(mutated(data.draw(st.sampled_from([pack, rules[:3]])))).document
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.yaml"
        path.write_bytes(yaml.safe_dump(document, allow_unicode=False).encode("utf-8", "backslashreplace"))
        _attempt(lambda: check([parse(json.dumps(SAMPLE), "x")], load_policies([str(path)]), as_of=DAY))


@fuzzed
@given(mutated(EXAMPLE, 6))
def test_contracts(contract: Fuzzed) -> None:
    text = yaml.safe_dump(contract.document, allow_unicode=False)
    sample = parse(json.dumps(SAMPLE), "x")
    _attempt(lambda: check([sample.with_clients([parse_contract(text, "client.yaml")])], PACKS, as_of=DAY))


FRAGMENTS = st.sampled_from(
    [
        "client.beta.realtime.connect(", "wss://x.openai.azure.com/openai/realtime?api-version=2024-10-01-preview&deployment=", "api_key=",
        '"api-key": ', "new AzureOpenAI({", "AZURE_OPENAI_API_KEY=", "rtaudit:ignore[RTA-SRC-001] because ", "dangerouslyAllowBrowser: true",
        "openai==1.50.0", '"openai": "^4.0.0"', "import openai", "#", "//", "/*", "*/", '"""', "'", "`", "${", "}", "(", ")", "\n", "\r\n", "\t", "\\",
        "<script>", "model=gpt-realtime", "\x00", "\u2028", "{" * 50, "a" * 5000,
    ]
)  # fmt: skip
SOURCES = st.lists(FRAGMENTS | TEXTS, max_size=30).map("".join)
NAMES = st.sampled_from(
    ["a.py", "a.ts", "a.js", "a.cs", "a.go", "A.java", "a.kt", "a.swift", "a.rs", ".env", "package.json", "requirements.txt",
     "pyproject.toml", "a.csproj", "go.mod", "a.html", "a.vue", "a.ipynb", "a.yaml", "a.tf", "a.bicep", ".gitignore", "a.md"]
)  # fmt: skip


@fuzzed
@given(st.dictionaries(NAMES, SOURCES | VALUES.map(json.dumps), min_size=1, max_size=3))
def test_source_files(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_bytes(f"# realtime\n{text}".encode("utf-8", "surrogatepass"))
        _attempt(lambda: scan_source(folder))


def test_the_fuzzers_run_longer_when_asked() -> None:
    assert "RTAUDIT_FUZZ" in (Path(__file__).parents[2] / "Makefile").read_text()
