"""The draft contract of a scan: it says what was seen, and never passes what the scan failed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rtaudit.api.checks import Checker
from rtaudit.assets import policies, snapshots
from rtaudit.contract import load_contract
from rtaudit.documents import load_yaml
from rtaudit.scan.draft import write
from rtaudit.scan.run import scan
from rtaudit.scan.schema import CASES_SCHEMA
from rtaudit.scan.seen import draft_of
from rtaudit.snapshot import load
from tests.conftest import Run
from tests.scan.test_scan import put

_RULES = {
    "RTA-SRC-002": "RTA-CON-003",
    "RTA-SRC-003": "RTA-CON-003",
    "RTA-SRC-004": "RTA-CON-002",
    "RTA-SRC-005": "RTA-CON-002",
    "RTA-SRC-006": "RTA-CON-002",
    "RTA-SRC-011": "RTA-CON-002",
}
"""What the scan fails -> the rule of contracts that speaks of the same."""


def test_a_draft_says_what_was_seen(tmp_path: Path):
    put(
        tmp_path,
        {
            "app.js": (
                "const pc = new RTCPeerConnection()\n"
                'fetch("https://guest.openai.azure.com/openai/v1/realtime/calls?model=voice-eu")\n'
                "const secret = await client_secrets();\n"
            ),
            "package.json": '{"dependencies": {"@openai/agents": "^0.3.1"}}',
            "agent.ts": 'import { RealtimeSession } from "@openai/agents/realtime";\n',
        },
    )
    path = tmp_path / "draft.yaml"
    path.write_text(write(draft_of([scan(tmp_path)], "guest line")))
    contract = load_contract(path)
    assert contract["runsIn"] == "browser"
    assert contract["transport"] == "webrtc"
    assert contract["auth"] == "clientSecret"
    assert contract["protocol"]["path"] == "/openai/v1/realtime/calls"
    assert contract["sdk"] == {"name": "@openai/agents", "language": "javascript", "version": "^0.3.1"}
    assert contract["environments"]["default"]["deployment"] == "voice-eu"
    assert contract["environments"]["default"]["endpoint"] == "wss://guest.openai.azure.com"
    assert "# seen in app.js:2" in path.read_text()


def test_what_was_not_seen_is_null(tmp_path: Path):
    put(tmp_path, {"a.py": "print('hello')\n"})
    text = write(draft_of([scan(tmp_path)], "x"))
    for field in ("runsIn", "transport", "auth", "  path", "  apiVersion", "    endpoint", "    deployment"):
        assert f"{field}: null" in text


@pytest.mark.parametrize(
    ("host", "account"),
    [
        ("guest.openai.azure.com", '"guest"'),
        ("eastus2.realtimeapi-preview.ai.azure.com", "null"),
        ("swedencentral.api.cognitive.microsoft.com", "null"),
    ],
)
def test_the_host_of_a_region_names_no_account(tmp_path: Path, host: str, account: str):
    put(tmp_path, {"a.ts": f'const url = "https://{host}/openai/realtime?deployment=voice"; new WebSocket(url);\n'})
    text = write(draft_of([scan(tmp_path)], "x"))
    assert f'endpoint: "wss://{host}"' in text
    assert f"    account: {account}\n" in text


def test_a_placeholder_names_no_account(tmp_path: Path):
    put(
        tmp_path,
        {
            ".env.example": "AZURE_OPENAI_ENDPOINT=https://your-resource-name.openai.azure.com\n",
            "app.py": "url = f\"{os.environ['AZURE_OPENAI_ENDPOINT']}/openai/v1/realtime?model=voice\"\n",
        },
    )
    text = write(draft_of([scan(tmp_path)], "x"))
    assert "    endpoint: null" in text
    assert "    account: null" in text


@pytest.mark.parametrize(
    ("opened", "path"),
    [
        ("new WebSocket(`${host}/openai/v1/realtime?model=voice`)", "/openai/v1/realtime"),
        ("const pc = new RTCPeerConnection(); fetch(`${host}/openai/v1/realtime/calls`)", "/openai/v1/realtime/calls"),
    ],
    ids=["websocket", "webrtc"],
)
def test_the_path_is_that_of_the_session_and_not_of_its_secret(tmp_path: Path, opened: str, path: str):
    secret = 'fetch("https://guest.openai.azure.com/openai/v1/realtime/client_secrets");\n'
    put(tmp_path, {"a.js": f"{secret}{secret}{opened};\n"})
    assert f'  path: "{path}"' in write(draft_of([scan(tmp_path)], "x"))


def test_transcription_is_what_the_client_is_used_for(tmp_path: Path):
    put(
        tmp_path,
        {
            "stt.py": (
                'ws = connect("wss://h.openai.azure.com/openai/v1/realtime?intent=transcription")\n'
                's = {"session": {"type": "transcription", "audio": {"input": {"transcription": {"model": "guest-stt"}}}}}\n'
            )
        },
    )
    text = write(draft_of([scan(tmp_path)], "x"))
    assert "use: transcription" in text
    assert 'transcriptionDeployment: "guest-stt"' in text


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        pytest.param(
            """ws.send('{"type":"session.update","session":{"audio":{"input":{"transcription":{"model":"guest-stt"}}}}}')""",
            "transcriptionDeployment", "guest-stt", id="a message that is text",
        ),
        pytest.param(
            """body = {"session": {"type": "realtime", "model": "guest-voice"}}""", "deployment", "guest-voice", id="the body of a client secret",
        ),
        pytest.param(
            """session = RealtimeSession(agent, model="guest-voice")""", "deployment", "guest-voice", id="a session of agents",
        ),
    ],
)  # fmt: skip
def test_deployments_are_read_where_they_are_named(tmp_path: Path, text: str, field: str, value: str):
    put(tmp_path, {"app.py": f'url = "wss://h.openai.azure.com/openai/v1/realtime"\n{text}\n'})
    drafted = write(draft_of([scan(tmp_path)], "x"))
    assert f'    {field}: "{value}" # seen in app.py:2' in drafted


def test_the_deployment_of_litellm_is_read(tmp_path: Path):
    config = "model_list:\n- model_name: realtime\n  litellm_params: {model: azure/guest-voice, api_base: 'https://h.openai.azure.com'}\n  model_info: {mode: realtime}\n"
    put(tmp_path, {"config.yaml": config})
    assert '    deployment: "guest-voice"' in write(draft_of([scan(tmp_path)], "x"))


def _faulty() -> list[object]:
    found = []
    for name in ("keys", "protocol"):
        document = load_yaml(policies() / "source" / f"{name}.cases.yaml", CASES_SCHEMA).value
        found += [
            pytest.param(case["files"], id=f"{check} {case['name']}")
            for check, cases in document["cases"].items()
            for case in cases
            if check in _RULES and case.get("finds")
        ]
    return found


_COMPLETED = {
    "runsIn": "server",
    "network": "internet",
    "transport": "websocket",
    "auth": "entra",
    "    endpoint": "wss://guest.openai.azure.com",
    "    deployment": "guest-voice",
}
"""What a person puts in the place of a null, and what no finding of these is about."""


def _complete(draft: str) -> str:
    for field, value in _COMPLETED.items():
        draft = draft.replace(f"\n{field}: null", f"\n{field}: {value}")
    return draft.replace('\n  "default":', '\n  "prod":')


@pytest.mark.parametrize("files", _faulty())
def test_the_draft_never_passes_what_the_scan_failed(tmp_path: Path, files: dict[str, str]):
    parts: dict[str, dict[str, str]] = {}
    for name, text in files.items():
        parts.setdefault(name.split("/", 1)[0], {})[name] = text
    failed, drafts = {}, []
    for number, part in enumerate(parts.values()):
        result = scan(put(tmp_path / str(number), part))
        # The shared host of a region is no fault of the protocol: the rule of endpoints speaks of it.
        said = [one for one in result.findings if one.severity != "info" and "shared host" not in one.message]
        faults = {one.check.id for one in said} & _RULES.keys()
        if faults:
            failed[f"client-{number}"] = faults
            drafts.append(tmp_path / f"{number}.yaml")
            drafts[-1].write_text(_complete(write(draft_of([result], f"client-{number}"))))
    assert drafts
    report = Checker(["client"], as_of=date(2026, 11, 22)).check([load(snapshots() / "prod.json")], contracts=drafts)
    for client, faults in failed.items():
        for one in faults:
            outcomes = {
                finding.outcome
                for finding in report.findings
                if finding.rule == _RULES[one] and finding.resource.endswith(client)
            }
            assert outcomes
            assert "pass" not in outcomes, (one, client)


def test_a_draft_takes_the_place_of_no_file(rtaudit: Run, tmp_path: Path):
    put(tmp_path, {"app.py": "u = 'wss://h.openai.azure.com/openai/realtime'\n", "mine.yaml": "owner: me\n"})
    for words in (["scan", "app.py", "--draft", "mine.yaml"], ["init", snapshots() / "dev.json", "-o", "mine.yaml"]):
        told = rtaudit("client", *words)
        assert (told.returncode, told.stdout) == (3, "")
        assert "mine.yaml is there already" in told.stderr
    assert (tmp_path / "mine.yaml").read_text() == "owner: me\n"
