"""The scan of source: what is found and where, what is left out, and that no key is ever shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from rtaudit.contract import load_contract
from rtaudit.scan.checks import CHECKS, sdks_in, side_of
from rtaudit.scan.draft import write
from rtaudit.scan.gitignore import ignored, parse
from rtaudit.scan.run import draft_of, scan
from rtaudit.scan.walk import MAX_BYTES

posix = pytest.mark.skipif(os.name == "nt", reason="no such names, links and pipes there")

# Put together here, so that no scanner takes this file for a leak.
AZURE_KEY = "A1b2" * 13 + "JQQJ9" + "9BC2CACHYHv6XJ3w3AAAB"
HEX_KEY = "0123456789abcdef" * 2


def put(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def found_in(tmp_path: Path, name: str, text: str) -> list[tuple[str, int]]:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [(one.check.removeprefix("RTA-SRC-"), one.line) for one in scan(tmp_path).findings]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.py", f'key = "{AZURE_KEY}"  # openai\n', ["001"]),
        ("a.env", f"AZURE_OPENAI_API_KEY={HEX_KEY}\n", ["001"]),
        ("a.yaml", f"apiKey: {HEX_KEY}\n", ["001"]),
        ("a.py", f'etag = "{HEX_KEY}"  # openai\n', []),
        ("a.js", "ws = `wss://x/openai/v1/realtime?model=v&api-key=${k}`\n", ["002"]),
        ("a.js", 'u.searchParams.set("api-key", k)\n', ["002"]),
        ("web/a.html", '<script>fetch(u, {headers: {"api-key": k}})</script>\n', ["003"]),
        ("app.swift", 'request.addValue(k, forHTTPHeaderField: "api-key")\n', ["003"]),
        ("server.py", 'headers = {"api-key": key}  # openai\n', []),
        ("a.tsx", "new OpenAI({apiKey, dangerouslyAllowBrowser: true}) // openai\n", ["003"]),
        (".env.production", "VITE_AZURE_OPENAI_KEY=\n", ["003"]),
        ("a.py", 'url = "wss://x/openai/realtime?deployment=v"\n', ["004"]),
        ("a.py", 'url = "https://x/openai/realtimeapi/sessions"\n', ["004"]),
        ("a.py", "client.beta.realtime.connect()\n", ["004"]),
        ("a.py", 'url = "wss://x/openai/v1/realtime?model=v"\n', []),
        ("a.md", "https://learn.microsoft.com/azure/ai-services/openai/realtime-audio-quickstart\n", []),
        ("a.py", 'url = "wss://x/openai/v1/realtime"\nargs = {"api-version": "2025-04-01-preview"}\n', ["005"]),
        ("a.py", 'client = AzureOpenAI(api_version="2024-10-21")\nchat()\n', []),
        ("a.sh", "# realtime\naz rest --url https://management.azure.com/x?api-version=2026-09-01\n", []),
        ("a.js", 'h = {"OpenAI-Beta": "realtime=v1"}\n', ["006"]),
        ("a.js", 'h = {"OpenAI-Beta": "assistants=v2"} // not realtime\n', []),
        ("a.py", 'u = "ws://guest.openai.azure.com/openai/v1/realtime"\n', ["008"]),
    ],
)
def test_each_check_finds_what_it_is_named_for(tmp_path: Path, name: str, text: str, expected: list[str]):
    assert [check for check, _ in found_in(tmp_path, name, text)] == expected


def test_every_check_is_tested_here():
    text = Path(__file__).read_text()
    assert all(f'"{check.removeprefix("RTA-SRC-")}"' in text or f'"{check}"' in text for check in CHECKS)


@pytest.mark.parametrize(
    ("file", "text", "below"),
    [
        ("requirements.txt", "openai==1.40.0\n", True),
        ("requirements.txt", "openai[realtime]~=1.40\n", False),  # admits 1.107
        ("requirements.txt", "openai~=1.40.0\n", True),
        ("requirements.txt", "openai<1.107\n", True),
        ("requirements.txt", "openai>=1.30,<2\n", False),
        ("requirements.txt", "openai>=2.0\n", False),
        ("requirements.txt", "openai\n", False),
        ("requirements-dev.txt", "rtclient==0.5.1\n", True),
        ("pyproject.toml", 'dependencies = [\n    "openai==1.50.0",\n]\n', True),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "^1.50.0"\n', False),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "~1.50.0"\n', True),
        ("uv.lock", '[[package]]\nname = "openai"\nversion = "1.59.0"\n', True),
        ("uv.lock", '[[package]]\nname = "openai"\nversion = "2.8.0"\n', False),
        ("package.json", '{"dependencies": {"openai": "^4.77.0"}}', True),
        ("package.json", '{"dependencies": {"openai": "^5.1.0"}}', False),
        ("package.json", '{"dependencies": {"openai": "~5.1.0"}}', True),
        ("package.json", '{"dependencies": {"openai": "latest"}}', False),
        ("package-lock.json", '{"packages": {"node_modules/openai": {\n "version": "4.77.0"}}}', True),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.1.0" />', True),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.9.0" />', False),
        ("a.csproj", '<PackageReference Include="Azure.AI.OpenAI" Version="2.8.0-beta.1" />', True),
        ("b.txt", "openai==1.40.0\n", None),
    ],
)
def test_an_sdk_is_too_old_when_no_version_that_is_admitted_speaks_the_protocol(
    file: str, text: str, below: bool | None
):
    assert [sdk.below for sdk in sdks_in(file, text)] == ([] if below is None else [below])


def test_an_old_sdk_is_a_fault_only_where_realtime_is_spoken_of(tmp_path: Path):
    put(tmp_path, requirements_DOT_txt="openai==1.40.0\n", main_DOT_py="import openai\n")
    assert scan(tmp_path).findings == []
    put(tmp_path, voice_DOT_py="# the realtime client\n")
    (finding,) = scan(tmp_path).findings
    assert (finding.check, finding.file, finding.line) == ("RTA-SRC-007", "requirements.txt", 1)


@pytest.mark.parametrize(
    ("path", "text", "side"),
    [
        ("src/app.tsx", "", "browser"),
        ("public/app.js", "", "browser"),
        ("src/app.js", "const pc = new RTCPeerConnection()", "browser"),
        ("src/app.js", "const express = require('express')", "server"),
        ("public/server.js", "import http from 'node:http'", "server"),
        ("ios/Voice.swift", "", "mobile"),
        ("android/app/voice.ts", "", "mobile"),
        ("broker.py", "", "server"),
        ("deploy/values.yaml", "", "config"),
        (".env.local", "", "config"),
    ],
)
def test_where_code_runs(path: str, text: str, side: str):
    assert side_of(path, text) == side


def test_a_key_is_never_shown(tmp_path: Path, rtaudit):
    put(
        tmp_path,
        app_DOT_js=f'const openai = "{AZURE_KEY}"; api_key = "{HEX_KEY}"; u = "wss://x.openai.azure.com/openai/v1/realtime?api-key={HEX_KEY}"\n',
        long_DOT_js=f"{'x' * 50_000} openai {AZURE_KEY} {'y' * 50_000}\n",
    )
    for form in ("table", "json", "sarif"):
        done = rtaudit("client", "scan", ".", "-o", form)
        assert done.returncode == 1
        assert AZURE_KEY not in done.stdout + done.stderr
        assert AZURE_KEY[:20] not in done.stdout
        assert HEX_KEY not in done.stdout + done.stderr
    assert [one.check for one in scan(tmp_path / "long.js").findings] == ["RTA-SRC-001"]


def test_a_finding_is_accepted_with_a_reason_and_not_without(tmp_path: Path, rtaudit):
    put(
        tmp_path,
        a_DOT_py=(
            "# rtaudit:ignore[preview-protocol] what the tests of the migration feed\n"
            "client.beta.realtime.connect()\n"
            "client.beta.realtime.connect()  # rtaudit: ignore[RTA-SRC-004]: kept for the record\n"
            "client.beta.realtime.connect()  # rtaudit:ignore[RTA-SRC-004]\n"
            "client.beta.realtime.connect()  # rtaudit:ignore[RTA-SRC-001] another check\n"
        ),
        b_DOT_html="<!-- rtaudit:ignore[beta-header, preview-protocol] documentation -->\n/openai/realtime?x\n",
    )
    result = scan(tmp_path)
    assert [(one.file, one.line, one.ignored) for one in result.findings] == [
        ("a.py", 2, "what the tests of the migration feed"),
        ("a.py", 3, "kept for the record"),
        ("a.py", 4, None),
        ("a.py", 5, None),
        ("b.html", 2, "documentation"),
    ]
    assert result.warnings == ["a.py:4: rtaudit:ignore[RTA-SRC-004] gives no reason, so it ignores nothing"]
    sarif = json.loads(rtaudit("client", "scan", ".", "-o", "sarif").stdout)
    results = sarif["runs"][0]["results"]
    assert [one.get("suppressions", [{}])[0].get("justification") for one in results][:2] == [
        "what the tests of the migration feed",
        "kept for the record",
    ]
    place = results[2]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 4, "startColumn": 7}
    fingerprints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]
    assert len(set(fingerprints)) == len(fingerprints)
    # The subset of SARIF that reports are held against knows neither columns nor a base; both are in the standard.
    for one in results:
        del one["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"]
        del one["locations"][0]["physicalLocation"]["region"]["startColumn"]
    schema = Path(__file__).parents[1] / "render" / "sarif-2.1.0-subset.json"
    jsonschema.validate(sarif, json.loads(schema.read_text()))


def test_places_in_sarif_are_from_the_current_directory(tmp_path: Path, rtaudit):
    put(tmp_path, **{"apps__voice app__a_DOT_py": "client.beta.realtime.connect()\n"})
    sarif = json.loads(rtaudit("client", "scan", "apps", "-o", "sarif").stdout)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "apps/voice%20app/a.py"


@posix
def test_hostile_trees_are_walked_to_their_end(tmp_path: Path):
    tree = put(tmp_path, a_DOT_py="client.beta.realtime.connect()\n")
    (tree / "loop").symlink_to("..")
    (tree / "self").symlink_to("self")
    (tree / "binary.bin").write_bytes(b"openai realtime /openai/realtime \0")
    with open(tree / "huge.bin", "wb") as file:
        file.truncate(2 * 1024**3)
    with open(tree / "huge.log", "wb") as file:
        file.write(b"x" * 9000)
        file.truncate(2 * 1024**3)
    os.mkfifo(tree / "pipe")
    deep = tree
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "b.py").write_text("client.beta.realtime.connect()\n")
    (tree / "latin.py").write_bytes("# é /openai/realtime\n".encode("latin-1"))
    (tree / "wide.py").write_text("# /openai/realtime\n", encoding="utf-16")
    result = scan(tree)
    assert [one.file.rsplit("/", 1)[-1] for one in result.findings] == ["a.py", "b.py", "latin.py", "wide.py"]
    assert result.left_out == {"binary": 2, "no regular file": 1, "symbolic links": 2}
    assert result.unread == [("huge.log", f"{2 * 1024**3:,} bytes, more than {MAX_BYTES:,}")]


def test_what_could_not_be_read_is_no_clean_tree(tmp_path: Path, rtaudit):
    with open(tmp_path / "huge.log", "wb") as file:
        file.write(b"x" * 9000)
        file.truncate(MAX_BYTES + 1)
    done = rtaudit("client", "scan", ".")
    assert done.returncode == 4
    assert "huge.log: not read" in done.stdout
    assert rtaudit("client", "scan", "nowhere").returncode == 3
    assert rtaudit("client", "scan", ".", "--fail-on", "worse").returncode == 2


def test_minified_code_is_read_quickly_and_each_finding_told_once(tmp_path: Path):
    line = "a?b&c=" * 400_000 + "/openai/realtime?" + "a?b&c=" * 100 + "/openai/realtime"
    (tmp_path / "a.js").write_text(line)
    assert [one.column for one in scan(tmp_path).findings] == [2_400_001, 2_400_618]


@posix
def test_hostile_names_and_lines_cannot_steer_the_terminal(tmp_path: Path, rtaudit):
    (tmp_path / "\x1b[31mred.py").write_text("client.beta.realtime \x1b[2J\u202e\n")
    done = rtaudit("client", "scan", ".")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\x1b[31mred.py:1:7" in done.stdout
    json.loads(rtaudit("client", "scan", ".", "-o", "sarif").stdout)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_ignores_is_what_git_says(tmp_path: Path):
    patterns = (
        "*.log\n!keep.log\n/build\nout/\ndocs/*.md\n**/cache\na/**/z.py\ntemp/**\n# comment\n\\#odd.py\n"
        "sp ace.py  \ntrail\\ \nname[0-9].py\nnot[!a].py\n?.txt\nsub/dir/\n"
    )
    names = [
        "a.log", "keep.log", "x/keep.log", "x/b.log", "build/a.py", "x/build/a.py", "out/a.py", "x/out/b.py", "out.py",
        "docs/a.md", "docs/x/a.md", "x/docs/a.md", "cache/a.py", "x/y/cache/a.py", "a/z.py", "a/b/z.py", "a/b/c/z.py",
        "temp/a.py", "temp/x/a.py", "x/temp/a.py", "#odd.py", "sp ace.py", "trail ", "name1.py", "nameA.py", "nota.py",
        "notb.py", "q.txt", "qq.txt", "sub/dir/a.py", "x/sub/dir/a.py", "x/own.py", "x/y/own.py", "x/deep.py",
    ]  # fmt: skip
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("client.beta.realtime\n")
    (tmp_path / ".gitignore").write_text(patterns)
    (tmp_path / "x" / ".gitignore").write_text("own.py\n/deep.py\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("qq.txt\n")
    listed = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    expected = sorted(name for name in listed.stdout.split("\0") if name and not name.endswith(".gitignore"))
    assert sorted({one.file for one in scan(tmp_path).findings}) == expected
    # A folder below: what the folders above say of it still holds.
    below = sorted(name.removeprefix("x/") for name in expected if name.startswith("x/"))
    assert sorted({one.file for one in scan(tmp_path / "x").findings}) == below


def test_a_hostile_pattern_costs_little():
    pattern = parse("*a" * 200, "")
    assert pattern is not None
    assert not ignored("a" * 250, [pattern], is_folder=False)


def test_a_draft_says_what_was_seen(tmp_path: Path):
    put(
        tmp_path,
        app_DOT_js=(
            "const pc = new RTCPeerConnection()\n"
            'fetch("https://guest.openai.azure.com/openai/v1/realtime/calls?model=voice-eu")\n'
            "// secret from our client_secrets broker\n"
        ),
        package_DOT_json='{"dependencies": {"openai": "^6.1.0"}}',
    )
    path = tmp_path / "draft.yaml"
    path.write_text(write(draft_of(scan(tmp_path), "guest line")))
    contract = load_contract(path)
    assert contract["runsIn"] == "browser"
    assert contract["transport"] == "webrtc"
    assert contract["auth"] == "clientSecret"
    assert contract["protocol"]["path"] == "/openai/v1/realtime/calls"
    assert contract["sdk"] == {"name": "openai", "language": "javascript", "version": "^6.1.0"}
    assert contract["environments"]["default"]["deployment"] == "voice-eu"
    assert contract["environments"]["default"]["endpoint"] == "wss://guest.openai.azure.com"
