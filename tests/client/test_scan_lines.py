"""What a scan makes of single lines: what it accepts, what it must not miss, and what is no fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtaudit.client.checks import side_of
from rtaudit.client.scan import scan

BETA = "client.beta.realtime.connect()"
HEADER = '<Z headers={{"api-key": k}} />'


@pytest.mark.parametrize(
    ("name", "text", "reason", "warned"),
    [
        ("a.tsx", HEADER + " {/* rtaudit:ignore[RTA-SRC-003] */}", None, "gives no reason"),
        ("a.tsx", HEADER + " {/* rtaudit:ignore[RTA-SRC-003] fixture */}", "fixture", None),
        ("a.tsx", "{/* rtaudit:ignore[RTA-SRC-003] test fixture */}\n" + HEADER, "test fixture", None),
        ("a.tsx", "{/* rtaudit:ignore[RTA-SRC-003] fixture */} <p>more</p>\n" + HEADER, "fixture", None),
        ("a.py", BETA + "  # rtaudit:ignore[RTA-SRC-004] ...", None, "gives no reason"),
        ("a.py", BETA + "  # rtaudit:ignore[RTA-SRC-004] 4711", "4711", None),
        ("a.py", BETA + "  # rtaudit:ignore[RTA-SRC-04] kept", None, "[RTA-SRC-04] names no check"),
        ("a.py", BETA + "  # rtaudit:ignore[preview.protocol] kept", None, "[preview.protocol] names no check"),
        ("a.py", BETA + "  # rtaudit:ignore[RTA-SRC-004, beta] kept", "kept", "[beta] names no check"),
        ("a.py", BETA + "  # rtaudit:ignore kept", None, "names no check in brackets"),
        ("a.py", "# rtaudit: ignore\n" + BETA, None, "names no check in brackets"),
        ("a.py", BETA + "  # rtaudit:ignored", None, None),
        ("a.js", "/* rtaudit:ignore[RTA-SRC-004] kept */\n" + BETA, "kept", None),
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
    ("line", "preview"),
    [
        ('import x from "@/lib/openai/realtime"', False),
        ('import x from "$lib/openai/realtime"', False),
        ('import x from "./openai/realtime"', False),
        ('import x from "../lib/openai/realtime"', False),
        ('fetch("/api/openai/realtime")', False),
        ('import x from "~/openai/realtimeapi/y"', False),
        ('path = "/openai/realtime"', True),
        ("path=/openai/realtime?x", True),
        ("`${host}/openai/realtime`", True),
        ("https://<resource>/openai/realtime", True),
        ("<resource>/openai/realtime", True),
        ('"wss://" + "x.openai.azure.com/openai/realtime"', True),
        ("guest.example:8443/openai/realtime", True),
        ("wss://x/prefix/openai/realtime", True),
        ('"%s/openai/realtime"', True),
        ("$ENDPOINT/openai/realtime", True),
        ("https://x/openai/realtimeapi/sessions", True),
    ],
)
def test_the_preview_protocol_is_a_path_of_a_host(tmp_path: Path, line: str, preview: bool):
    (tmp_path / "a.js").write_text(line + "\n")
    assert [one.check for one in scan(tmp_path).findings] == (["RTA-SRC-004"] if preview else [])


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("import org.springframework.boot.runApplication\n", "server"),
        ("package x\nimport io.ktor.server.engine.embeddedServer\n", "server"),
        ("import io.ktor.client.HttpClient\n", "mobile"),
        ("", "mobile"),
    ],
)
def test_kotlin_of_a_server_is_no_app(text: str, side: str):
    assert side_of("src/main/Voice.kt", text) == side
