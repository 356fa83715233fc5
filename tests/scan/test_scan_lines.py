"""What a scan makes of single lines: what it accepts, what it must not miss, and what is no fault."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rtaudit.assets import snapshots
from rtaudit.scan.checks import sdks_in, side_of
from rtaudit.scan.run import scan
from tests.conftest import Run

HEX = "0123456789abcdef" * 2
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


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("a.ts", f'const apiKey: string = "{HEX}"', ["001"]),
        ("a.ts", f'const apiKey: string | undefined = "{HEX}"', ["001"]),
        ("a.kt", f'val apiKey: String = "{HEX}"', ["001"]),
        ("a.go", f'apiKey := "{HEX}"', ["001"]),
        ("a.config", f'<add key="AzureOpenAIKey" value="{HEX}"/>', ["001"]),
        ("Dockerfile", f"ENV AZURE_OPENAI_API_KEY {HEX}", ["001"]),
        ("Dockerfile", f"ENV AZURE_OPENAI_API_KEY={HEX}", ["001"]),
        ("a.ts", f'c = new AzureKeyCredential("{HEX}")', ["001"]),
        ("a.cs", f'c = new ApiKeyCredential("{HEX}");', ["001"]),
        ("a.py", f'key = os.getenv("AZURE_OPENAI_API_KEY") or "{HEX}"', ["001"]),
        ("a.py", f'key = os.getenv("AZURE_OPENAI_API_KEY", "{HEX}")', ["001"]),
        ("a.py", f'key = os.environ["AZURE_OPENAI_API_KEY"] or "{HEX}"', ["001"]),
        ("a.js", f'key = process.env.AZURE_OPENAI_KEY ?? "{HEX}"', ["001"]),
        ("a.sh", f"key=${{AZURE_OPENAI_API_KEY:-{HEX}}}", ["001"]),
        ("a.py", f'subscriptionKey="{HEX}"', ["001"]),
        (".env", f"AOAI_KEY={HEX}", ["001"]),
        ("requirements.txt", "rtclient==0.5.1  # realtime", ["007"]),
        ("a.py", f'use(api_key, etag, "{HEX}")', []),
        ("a.py", f'cache[api_key_hash("openai")] = "{HEX}"', []),
        ("a.js", 'u.searchParams.set("api-version", "2024-10-01-preview") // realtime', ["005"]),
        ("a.py", 'v = os.getenv("AZURE_OPENAI_API_VERSION", "2024-10-01-preview")  # realtime', ["005"]),
        ("a.ts", 'const apiVersion: string = "2024-10-01-preview" // realtime', ["005"]),
        ("a.ts", 'f(apiVersion); day = "2024-10-01" // realtime', []),
        ("a.js", 'u.searchParams.append("api-version", "2024-10-01-preview") // realtime', ["005"]),
        (".env", "# realtime\nAZURE_OPENAI_CHAT_API_VERSION=2024-10-21", []),
        (".env", "# realtime\nAZURE_SEARCH_API_VERSION=2024-07-01", []),
        (".env", "# chat\nAZURE_OPENAI_REALTIME_API_VERSION=2024-10-01-preview", ["005"]),
        ("main.json", '[{"type": "Microsoft.Web/sites", "apiVersion": "2024-10-01", "name": "realtime"}]', []),
    ],
)
def test_a_key_and_a_version_are_found_however_they_are_given(
    tmp_path: Path, name: str, line: str, expected: list[str]
):
    (tmp_path / name).write_text(line + "\n")
    result = scan(tmp_path)
    assert [one.check.removeprefix("RTA-SRC-") for one in result.findings] == expected
    assert HEX not in str(result.document())
    assert [one.value for one in result.seen if one.kind == "apiVersion"] == ["2024-10-01-preview"] * (
        "005" in expected
    )


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("pyproject.toml", 'dependencies = ["openai==1.50.0", "websockets"]\n', [("==1.50.0", True)]),
        ("pyproject.toml", 'voice = ["websockets", "openai[realtime]>=2.0"]\n', [(">=2.0", False)]),
        ("pyproject.toml", 'dependencies = ["openai", "websockets"]\n', [(None, False)]),
        ("pyproject.toml", 'dependencies = [\n    "openai==1.50.0",\n]\n', [("==1.50.0", True)]),
        ("pyproject.toml", 'dependencies = [\n  "a", "openai==1.50.0",\n]\n', [("==1.50.0", True)]),
        ("pyproject.toml", 'keywords = ["voice", "openai"]\n', []),
        ("pyproject.toml", '# dependencies = ["openai==1.50.0"]\n', []),
        ("requirements/base.txt", "openai==1.50.0\n", [("==1.50.0", True)]),
        ("x/requirements/base.in", "openai==1.50.0\n", [("==1.50.0", True)]),
        ("x/notes/base.txt", "openai==1.50.0\n", []),
        ("requirements.txt", "openai-whisper==1.0\n", []),
        ("pyproject.toml", '[tool.poetry.dependencies]\nopenai = "^1.50"\n', [("^1.50", False)]),
        ("pyproject.toml", 'openai = { version = "~1.50", extras = ["realtime"] }\n', [("~1.50", True)]),
        ("pyproject.toml", 'openai = {extras = ["realtime"], version = "1.50.0"}\n', [("1.50.0", True)]),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies.openai]\nextras = ["realtime"]\nversion = "1.50.0"\n',
            [("1.50.0", True)],
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies.openai]\noptional = true\nversion = "1.50.0"\n',
            [("1.50.0", True)],
        ),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies.openai]\nversion = "2.1.0"\n', [("2.1.0", False)]),
        ("pyproject.toml", '[tool.poetry.dependencies.openai]\noptional = true\n[tool.x]\nversion = "1.5.0"\n', []),
        ("Pipfile", 'openai = {version = "==1.50.0", extras = ["realtime"]}\n', [("==1.50.0", True)]),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.1.0" />', [("2.1.0", True)]),
        ("a.csproj", '<PackageReference Include="OpenAI">\n  <Version>2.1.0</Version>\n', [("2.1.0", True)]),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="[2.1.0,3.0.0)" />', [("[2.1.0,3.0.0)", False)]),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="[2.1.0,2.5.0)" />', [("[2.1.0,2.5.0)", True)]),
        ("a.csproj", '<PackageReference Include="OpenAI" Version="2.*" />', [("2.*", False)]),
        (
            "a.csproj",
            '<PackageReference Include="OpenAI" />\n<PackageReference Include="X" Version="1.0" />',
            [(None, False)],
        ),
        ("a.csproj", '<PackageReference Include="Azure.AI.OpenAI" />', [(None, True)]),
    ],
)
def test_an_sdk_is_found_wherever_python_states_it(file: str, text: str, expected: list[tuple[str | None, bool]]):
    assert [(sdk.version, sdk.below) for sdk in sdks_in(file, text)] == expected


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_tracks_is_read_although_a_pattern_ignores_it(tmp_path: Path):
    for name in ("app/kept.py", "app/.env", "build/held.py", "build/loose.py", "build/deep/held.py", "out/loose.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BETA + "\n")
    (tmp_path / ".gitignore").write_text(".env\nbuild/\nout/\n")
    git = ("git", "-C", str(tmp_path))
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-f", "app", "build/held.py", "build/deep/held.py"], check=True)
    result = scan(tmp_path)
    assert [one.file for one in result.findings] == ["app/.env", "app/kept.py", "build/deep/held.py", "build/held.py"]
    assert result.left_out["ignored by git"] == 2
    # A folder that is asked for by name is read whole.
    assert [one.file for one in scan(tmp_path / "build").findings] == ["deep/held.py", "held.py", "loose.py"]


def test_without_git_the_scan_says_what_it_went_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / "a.py").write_text(BETA + "\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    result = scan(tmp_path)
    assert result.findings == []
    assert result.left_out["ignored by .gitignore, tracked or not"] == 1
    assert "ignored by git" not in result.left_out


def test_a_draft_takes_the_place_of_no_file(rtaudit: Run, tmp_path: Path):
    (tmp_path / "app.py").write_text(BETA + "\n")
    (tmp_path / "mine.yaml").write_text("owner: me\n")
    for words in (["scan", "app.py", "--draft", "mine.yaml"], ["init", snapshots() / "dev.json", "-o", "mine.yaml"]):
        told = rtaudit("client", *words)
        assert (told.returncode, told.stdout) == (3, "")
        assert "mine.yaml is there already" in told.stderr
    assert (tmp_path / "mine.yaml").read_text() == "owner: me\n"
