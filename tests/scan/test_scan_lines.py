"""What a scan makes of single files: what it accepts, where code runs, which versions a manifest admits, what a value is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from rtaudit.scan.packages import packages_in
from rtaudit.scan.run import scan
from rtaudit.scan.sides import side_of
from rtaudit.scan.source import read_source
from rtaudit.scan.urls import read_url

PREVIEW = 'x("wss://h.openai.azure.com/openai/realtime")'
HEADER = '<Z url="https://h.openai.azure.com/openai/v1/realtime" headers={{"api-key": k}} />'


@pytest.mark.parametrize(
    ("name", "text", "reason", "warned"),
    [
        ("a.tsx", HEADER + " {/* rtaudit:ignore[RTA-SRC-003] */}", None, "gives no reason"),
        ("a.tsx", HEADER + " {/* rtaudit:ignore[RTA-SRC-003] fixture */}", "fixture", None),
        ("a.tsx", "{/* rtaudit:ignore[RTA-SRC-003] test fixture */}\n" + HEADER, "test fixture", None),
        ("a.tsx", "{/* rtaudit:ignore[RTA-SRC-003] fixture */} <p>more</p>\n" + HEADER, "fixture", None),
        ("a.py", PREVIEW + "  # rtaudit:ignore[RTA-SRC-004] ...", None, "gives no reason"),
        ("a.py", PREVIEW + "  # rtaudit:ignore[RTA-SRC-004] 4711", "4711", None),
        ("a.py", PREVIEW + "  # rtaudit:ignore[RTA-SRC-04] kept", None, "[RTA-SRC-04] names no check"),
        ("a.py", PREVIEW + "  # rtaudit:ignore[preview.protocol] kept", None, "[preview.protocol] names no check"),
        ("a.py", PREVIEW + "  # rtaudit:ignore[RTA-SRC-004, beta] kept", "kept", "[beta] names no check"),
        ("a.py", PREVIEW + "  # rtaudit:ignore kept", None, "names no check in brackets"),
        ("a.py", "# rtaudit: ignore\n" + PREVIEW, None, "names no check in brackets"),
        ("a.py", PREVIEW + "  # rtaudit:ignored", None, None),
        ("a.js", "/* rtaudit:ignore[RTA-SRC-004] kept */\n" + PREVIEW, "kept", None),
    ],
)
def test_an_ignore_names_a_check_and_gives_a_reason(
    tmp_path: Path, name: str, text: str, reason: str | None, warned: str | None
):
    (tmp_path / name).write_text(text + "\n")
    result = scan(tmp_path)
    assert [one.ignored for one in result.findings] == [reason]
    assert len(result.warnings) == (warned is not None)
    assert warned is None or warned in result.warnings[0]


@pytest.mark.parametrize(
    ("text", "api", "vendor"),
    [
        ("/openai/realtime", "preview", "unknown"),
        ("wss://x/openai/realtime?y", "preview", "unknown"),
        ("{host}/openai/realtime", "preview", "unknown"),
        ("https://<resource>/openai/realtime", "preview", "unknown"),
        ("<resource>/openai/realtime", "preview", "unknown"),
        ("wss://x.openai.azure.com/openai/realtime", "preview", "azure"),
        ("wss://<your resource name>.openai.azure.com/openai/realtime?deployment=v", "preview", "azure"),
        ("wss://gw.azure-api.net/prefix/openai/realtime", "preview", "gateway"),
        ("wss://carrier.example.org/openai/realtime", "preview", "other"),
        ("wss://localhost:8080/openai/realtime", "preview", "other"),
        ("https://x.openai.azure.com/openai/realtimeapi/sessions", "previewSessions", "azure"),
        ("https://eastus2.realtimeapi-preview.ai.azure.com/v1/realtimertc", "previewRtc", "azure"),
        ("wss://x.openai.azure.com/openai/v1/realtime?model=v", "ga", "azure"),
        ("https://x.openai.azure.com/openai/v1/realtime/client_secrets", "gaSecrets", "azure"),
        ("wss://api.openai.com/v1/realtime?model=gpt-realtime", "own", "openai"),
        ("wss://x.services.ai.azure.com/voice-live/realtime?api-version=1", "voiceLive", "voiceLive"),
        ("https://learn.microsoft.com/azure/ai-services/openai/realtime-audio-quickstart", None, None),
        ("@/lib/openai/realtime", None, None),
        ("./openai/realtime", None, None),
        ("/api/openai/realtime", None, None),
        ("carrier.example/docs/openai/realtime", None, None),
    ],
)
def test_a_url_says_which_service_it_asks(text: str, api: str | None, vendor: str | None):
    url = read_url(text)
    if api is None:
        assert url is None or url.api not in ("preview", "ga")
    else:
        assert url is not None
        assert (url.api, url.vendor) == (api, vendor)


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading_of_urls(text: str):
    read_url(text)
    read_url(f"wss://{text}/openai/realtime?{text}")


@pytest.mark.parametrize(
    ("path", "text", "packages", "side"),
    [
        ("src/app.tsx", "", (), "browser"),
        ("public/app.js", "", (), "browser"),
        ("src/app.js", "const pc = new RTCPeerConnection()", (), "browser"),
        ("src/App.js", "import React from 'react'", (), "browser"),
        ("src/services/sdk.ts", "", ("vite", "react"), "browser"),
        ("src/app.js", "const express = require('express')", (), "server"),
        ("public/server.js", "import http from 'node:http'", (), "server"),
        ("frontend/app/api/token/route.ts", "", (), "server"),
        ("web/src/routes/+server.ts", "", ("vite", "svelte"), "server"),
        ("pages/api/token.ts", "", ("next", "react"), "server"),
        ("app/page.tsx", "'use client'\nimport fs from 'fs'", (), "browser"),
        ("src/worker.ts", "export default { async fetch(request) {} }", (), "server"),
        ("app/actions.ts", "'use server'", ("next", "react"), "server"),
        ("src/voice.ts", "import { View } from 'react-native'", (), "mobile"),
        ("src/voice.ts", "", ("expo",), "mobile"),
        ("ios/Voice.swift", "", (), "mobile"),
        ("Sources/App/routes.swift", "import Vapor", (), "server"),
        ("lib/voice.dart", "import 'package:flutter/material.dart';", (), "mobile"),
        ("android/app/voice.ts", "", (), "mobile"),
        ("Assets/Voice.cs", "using UnityEngine;", (), "mobile"),
        ("src/main/Voice.kt", "import org.springframework.boot.runApplication\n", (), "server"),
        ("src/main/Voice.kt", "package x\nimport io.ktor.server.engine.embeddedServer\n", (), "server"),
        ("src/main/Voice.kt", "import io.ktor.client.HttpClient\n", (), "mobile"),
        ("broker.py", "", (), "server"),
        ("deploy/values.yaml", "", (), "config"),
        (".env.local", "", (), "config"),
        ("tests/test_url.py", "", (), "tests"),
        ("src/voice.test.ts", "", (), "tests"),
        ("README.md", "", (), "prose"),
    ],
)
def test_where_code_runs(path: str, text: str, packages: tuple[str, ...], side: str):
    assert side_of(path, text, packages) == side


@pytest.mark.parametrize(
    ("file", "text", "name", "newest"),
    [
        ("requirements.txt", "openai==1.40.0\n", "openai", "1.40.0"),
        ("requirements.txt", "openai[realtime]~=1.40\n", "openai", "1.1000000000.1000000000"),
        ("requirements.txt", "openai~=1.40.0\n", "openai", "1.40.1000000000.1000000000"),
        ("requirements.txt", "openai<1.107\n", "openai", "1.106.1000000000"),
        ("requirements.txt", "openai>=1.30,<2\n", "openai", "1.1000000000"),
        ("requirements.txt", "openai>=2.0\n", "openai", None),
        ("requirements.txt", "openai\n", "openai", None),
        ("requirements/base.in", "openai==1.50.0\n", "openai", "1.50.0"),
        ("requirements-dev.txt", "rtclient==0.5.1  # realtime\n", "rtclient", "0.5.1"),
        ("pyproject.toml", '[project]\ndependencies = ["a", "openai==1.50.0"]\n', "openai", "1.50.0"),
        ("pyproject.toml", '[project.optional-dependencies]\nv = ["openai[realtime]>=2.0"]\n', "openai", None),
        ("pyproject.toml", '[dependency-groups]\nv = ["openai==1.5.0"]\n', "openai", "1.5.0"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "~1.50.0"\n', "openai", "1.50.1000000000.1000000000"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = {version = "1.50.0", extras = ["r"]}\n', "openai", "1.50.0"),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies.openai]\nversion = "2.1.0"\n', "openai", "2.1.0"),
        ("Pipfile", '[packages]\nopenai = {version = "==1.50.0"}\n', "openai", "1.50.0"),
        ("setup.py", 'setup(install_requires=["openai==1.50.0"])\n', "openai", "1.50.0"),
        ("environment.yml", "dependencies:\n  - openai=1.54.0\n  - pip:\n    - rtclient==0.5\n", "openai", "1.54.0"),
        ("uv.lock", '[[package]]\nname = "openai"\nversion = "1.59.0"\n', "openai", "1.59.0"),
        ("package.json", '{"dependencies": {"openai": "^4.77.0"}}', "openai", "4.1000000000.1000000000"),
        ("package.json", '{"dependencies": {"openai": "~5.1.0"}}', "openai", "5.1.1000000000.1000000000"),
        ("package.json", '{"dependencies": {"openai": ">=4 <5"}}', "openai", "4.1000000000"),
        ("package.json", '{"dependencies": {"openai": "4.x || 5.x"}}', "openai", "5.1000000000.1000000000"),
        ("package.json", '{"dependencies": {"@openai/agents": "^0.0.11"}}', "@openai/agents", "0.0.1000000000.1000000000"),
        ("package.json", '{"dependencies": {"openai": "latest"}}', "openai", None),
        ("package-lock.json", '{"packages": {"node_modules/openai": {\n "version": "4.77.0"}}}', "openai", "4.77.0"),
        ("yarn.lock", 'openai@^4.77.0:\n  version "4.77.0"\n', "openai", "4.77.0"),
        ("pnpm-lock.yaml", "packages:\n  openai@4.77.0:\n    resolution: {}\n", "openai", "4.77.0"),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.1.0" />', "openai", "2.1.0"),
        ("a.csproj", '<PackageReference Include="OpenAI">\n  <Version>2.1.0</Version>\n', "openai", "2.1.0"),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="[2.1.0,2.5.0)" />', "openai", "2.4.1000000000"),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.*" />', "openai", "2.1000000000.1000000000"),
        ("a.csproj", '<PackageReference Include="Azure.AI.OpenAI" Version="2.8.0-beta.1" />', "azure.ai.openai", "2.8.0b1"),
        ("packages.lock.json", '{"dependencies": {"net8.0": {"OpenAI": {"resolved": "2.1.0-beta.2"}}}}', "openai", "2.1.0b2"),
        ("pom.xml", "<properties><v>1.0.0-beta.1</v></properties><artifactId>azure-ai-openai-realtime</artifactId><version>${v}</version>", "azure-ai-openai-realtime", "1.0.0b1"),
        ("build.gradle", "implementation 'com.azure:azure-ai-openai-realtime:1.0.0-alpha.20241205.3'", "azure-ai-openai-realtime", "1.0.0"),
        ("Dockerfile", "RUN pip install openai==1.54.0 && true\n", "openai", "1.54.0"),
        ("a.ipynb", '{"cells": [{"source": ["%pip install openai==1.54.0\\n"]}]}', "openai", "1.54.0"),
    ],
)  # fmt: skip
def test_the_newest_version_that_a_manifest_admits(file: str, text: str, name: str, newest: str | None):
    found = next(one for one in packages_in(file, text) if one.name == name)
    assert found.newest == (Version(newest) if newest else None)


@pytest.mark.parametrize("file", ["b.txt", "notes/base.txt", "a.py"])
def test_other_files_name_no_packages(file: str):
    assert packages_in(file, "openai==1.40.0\n") == []


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("a.py", 'u = f"wss://{h}/openai" + "/realtime"', "wss://{h}/openai/realtime"),
        ("a.py", 'u = "wss://%s/openai/realtime" % h', "wss://{h}/openai/realtime"),
        ("a.py", 'u = "wss://{}/openai/realtime".format(h)', "wss://{h}/openai/realtime"),
        ("a.ts", "const u = `wss://${c.host}/openai/realtime`", "wss://{host}/openai/realtime"),
        ("a.ts", 'const u = "/openai/realtime?" + new URLSearchParams({ deployment: "v" })', "/openai/realtime?deployment=v"),
        ("a.go", 'package a\nvar u = fmt.Sprintf("wss://%s/openai/realtime", h)', "wss://{h}/openai/realtime"),
        ("a.cs", 'class A { string u = $"wss://{h}/openai/realtime"; }', "wss://{h}/openai/realtime"),
        ("a.java", 'class A { String u = "wss://" + h + "/openai/realtime"; }', "wss://{h}/openai/realtime"),
        ("a.kt", 'val u = "wss://$h/openai/realtime"', "wss://{h}/openai/realtime"),
        ("a.swift", 'let u = "wss://\\(h)/openai/realtime"', "wss://{h}/openai/realtime"),
        ("a.dart", "final u = 'wss://$h/openai/realtime';", "wss://{h}/openai/realtime"),
        ("a.sh", 'u="wss://$h/openai/realtime"', "wss://{h}/openai/realtime"),
        ("a.rs", 'fn f() { let u = format!("wss://{}/openai/realtime", h); }', "wss://{h}/openai/realtime"),
        ("a.bicep", "var u = 'wss://${h}/openai/realtime'", "wss://{h}/openai/realtime"),
        ("a.tf", 'u = "wss://${var.h}/openai/realtime"', "wss://{h}/openai/realtime"),
        ("a.html", "<script>\nconst u = `wss://${h}/openai/realtime`;\n</script>", "wss://{h}/openai/realtime"),
    ],
)  # fmt: skip
def test_a_value_is_put_together_in_each_language(name: str, text: str, value: str):
    assert value in [mark.value for mark in read_source(name, text).marks]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_tracks_is_read_although_a_pattern_ignores_it(tmp_path: Path):
    for name in ("app/kept.py", "app/a.env", "build/held.py", "build/loose.py", "build/deep/held.py", "out/loose.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("U = 'wss://h.openai.azure.com/openai/realtime'\n")
    (tmp_path / ".gitignore").write_text("*.env\nbuild/\nout/\n")
    git = ("git", "-C", str(tmp_path))
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-f", "app", "build/held.py", "build/deep/held.py"], check=True)
    result = scan(tmp_path)
    assert [one.file for one in result.findings] == ["app/a.env", "app/kept.py", "build/deep/held.py", "build/held.py"]
    assert result.left_out["ignored by git"] == 2
    # A folder that is asked for by name is read whole.
    assert [one.file for one in scan(tmp_path / "build").findings] == ["deep/held.py", "held.py", "loose.py"]


def test_without_git_the_scan_says_what_it_went_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / "a.py").write_text(PREVIEW + "\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    result = scan(tmp_path)
    assert result.findings == []
    assert result.left_out["ignored by .gitignore, tracked or not"] == 1
    assert "ignored by git" not in result.left_out


def test_what_printf_fills_in_is_shown_as_a_hole(tmp_path: Path) -> None:
    (tmp_path / "a.go").write_text(
        'package a\nfunc u() { dial(fmt.Sprintf("wss://%s/openai/realtime?api-version=%s", host, version)) }\n'
    )
    (said,) = [one.message for one in scan(tmp_path).findings if one.check.id == "RTA-SRC-005"]
    assert said == "a.go sends the api-version <…> with the URL of a realtime session."
