"""The scan of source: what is found and where, what is left out, what its answer is, and that no key is ever shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from rtaudit.assets import policies
from rtaudit.report.files import parse
from rtaudit.report.schema import ENVELOPE
from rtaudit.scan.cases import check_files, lint_checks, run_cases
from rtaudit.scan.checks import frameworks, library
from rtaudit.scan.gitignore import ignored
from rtaudit.scan.gitignore import parse as parse_pattern
from rtaudit.scan.reading import MAX_BYTES
from rtaudit.scan.run import scan
from rtaudit.scan.sides import side_of

posix = pytest.mark.skipif(os.name == "nt", reason="no such names, links and pipes there")

# Put together here, so that no scanner takes this file for a leak.
AZURE_KEY = "A1b2" * 13 + "JQQJ9" + "9BC2CACHYHv6XJ3w3AAAB"
HEX_KEY = "0123456789abcdef" * 2
PREVIEW = 'u = "wss://h.openai.azure.com/openai/realtime"\n'


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


CASES = [
    pytest.param(file.with_name(f"{file.stem}.cases.yaml"), id=file.stem) for file in check_files(policies() / "source")
]


@pytest.mark.parametrize("file", CASES)
def test_the_cases_beside_the_checks_hold(file: Path):
    wrong = [f"{one.case.rule} {one.case.name}: {one.problem}" for one in run_cases(file) if one.problem is not None]
    assert wrong == []


def test_every_check_has_cases_and_short_sentences():
    assert lint_checks(policies()) == []
    assert sorted(library()) == [f"RTA-SRC-{number:03}" for number in range(1, len(library()) + 1)]


def test_the_page_of_the_checks_is_made_from_them(rtaudit):
    page = Path(__file__).parents[2] / "docs" / "source-checks.md"
    assert rtaudit("policy", "explain", "--source", "-o", "markdown").stdout == page.read_text("utf-8")
    told = rtaudit("policy", "explain", "RTA-SRC-004").stdout
    assert told.startswith("RTA-SRC-004 preview-protocol (critical, source check)")


def test_a_fix_is_for_the_language_of_the_file(tmp_path: Path):
    put(tmp_path, {"a.py": PREVIEW, "a.cs": 'class A { string u = "wss://h.openai.azure.com/openai/realtime"; }\n'})
    fixes = {one.file: " ".join(one.fix) for one in scan(tmp_path).findings if one.check.id == "RTA-SRC-004"}
    assert "AsyncAzureOpenAI" in fixes["a.py"]
    assert "AsyncAzureOpenAI" not in fixes["a.cs"]
    assert "GetRealtimeConversationClient" in fixes["a.cs"]


def test_every_floor_names_its_source():
    assert all(one.source.startswith("https://") for one in frameworks())


def test_a_key_of_the_current_shape_is_found_anywhere(tmp_path: Path):
    put(tmp_path, {"a.py": f'key = "{AZURE_KEY}"\n', "README.md": f"export KEY={AZURE_KEY}\n", "tests/test_a.py": f'K = "{AZURE_KEY}"\n'})  # fmt: skip
    found = [(one.check.id, one.file, one.severity) for one in scan(tmp_path).findings]
    assert found == [("RTA-SRC-001", name, "critical") for name in ("README.md", "a.py", "tests/test_a.py")]


def test_a_key_is_never_shown(tmp_path: Path, rtaudit):
    files = {
        "app.js": f'const openai = "{AZURE_KEY}"; const openai_api_key = "{HEX_KEY}"; u = "wss://x.openai.azure.com/openai/v1/realtime?api-key={HEX_KEY}"\n',
        "long.js": f"{'x' * 50_000} openai {AZURE_KEY} {'y' * 50_000}\n",
    }
    put(tmp_path, files)
    forms = ("json", "sarif", "html", "csv", "markdown", "junit", "github", "azdo", "ocsf")
    (tmp_path / "out").mkdir()
    words = [word for form in forms for word in ("-o", f"{form}=out/{form}")]
    done = rtaudit("client", "scan", ".", "-o", "table", *words)
    assert done.returncode == 1, done.stderr
    for text in (done.stdout, done.stderr, *((tmp_path / "out" / form).read_text() for form in forms)):
        assert AZURE_KEY[:20] not in text
        assert HEX_KEY not in text
    assert [one.check.id for one in scan(tmp_path / "long.js").findings] == ["RTA-SRC-001"]


def test_the_answer_is_a_report(tmp_path: Path, rtaudit):
    put(tmp_path, {"a.py": PREVIEW + PREVIEW, "b.py": "x = 1\n"})
    done = rtaudit("client", "scan", ".", "-o", "json")
    document = json.loads(done.stdout)
    jsonschema.validate(document, ENVELOPE)
    report = parse(document, "x")
    (finding,) = report.findings
    assert (finding.rule, finding.outcome, finding.each, finding.resource) == ("RTA-SRC-004", "fail", "source", "a.py")
    (seen,) = finding.observations
    assert seen.places == [(1, 5), (2, 5)]
    assert seen.message == "a.py connects by the preview path /openai/realtime."
    assert report.verdict == "notReady"
    assert done.returncode == report.gate.exit_code == 1
    assert "migrate: 2 places" in rtaudit("client", "scan", ".").stdout


def test_a_baseline_and_waivers_gate_as_those_of_check_do(tmp_path: Path, rtaudit):
    put(tmp_path, {"a.py": PREVIEW})
    assert rtaudit("client", "scan", ".", "-o", "json=base.json").returncode == 1
    put(tmp_path, {"a.py": "# moved\n" + PREVIEW})
    assert rtaudit("client", "scan", ".", "--baseline", "base.json").returncode == 0
    put(tmp_path, {"b.py": PREVIEW})
    assert rtaudit("client", "scan", ".", "--baseline", "base.json", "--exclude", "*.json").returncode == 1
    put(tmp_path, {"w.yaml": "schema: rtaudit.waivers/1\nwaivers:\n- {rule: RTA-SRC-004, resource: '*.py', reason: demo, owner: me, expires: 2999-01-01}\n"})  # fmt: skip
    done = rtaudit("client", "scan", ".", "--waivers", "w.yaml", "--exclude", "*.json")
    assert done.returncode == 0, done.stdout
    assert rtaudit("client", "scan", ".", "--fail-on", "none").returncode == 0
    assert rtaudit("client", "scan", ".", "--exclude", "*.py").returncode == 0
    assert rtaudit("client", "scan", "a.py", "b.py", "-o", "csv").stdout.count("RTA-SRC-004") == 2


def test_a_second_key_in_a_file_is_not_known_from_a_baseline(tmp_path: Path, rtaudit):
    put(tmp_path, {"a.env": f"AZURE_OPENAI_KEY={HEX_KEY}\n"})
    rtaudit("client", "scan", "a.env", "-o", "json=base.json")
    assert rtaudit("client", "scan", "a.env", "--baseline", "base.json").returncode == 0
    put(tmp_path, {"a.env": f"AZURE_OPENAI_KEY={HEX_KEY}\nAZURE_OPENAI_KEY={HEX_KEY[::-1]}\n"})
    assert rtaudit("client", "scan", "a.env", "--baseline", "base.json").returncode == 1


def test_a_finding_is_accepted_with_a_reason_and_not_without(tmp_path: Path, rtaudit):
    line = 'x("wss://h.openai.azure.com/openai/realtime")'
    put(
        tmp_path,
        {
            "a.py": (
                f"# rtaudit:ignore[preview-protocol] what the tests of the migration feed\n{line}\n"
                f"{line}  # rtaudit: ignore[RTA-SRC-004]: kept for the record\n"
                f"{line}  # rtaudit:ignore[RTA-SRC-004]\n"
                f"{line}  # rtaudit:ignore[RTA-SRC-001] another check\n"
            )
        },
    )
    result = scan(tmp_path)
    told = [(place.line, one.ignored) for one in result.findings for place in one.places]
    assert told == [(2, "what the tests of the migration feed"), (3, "kept for the record"), (4, None), (5, None)]
    assert result.warnings == ["a.py:4: rtaudit:ignore[RTA-SRC-004] gives no reason, so it ignores nothing"]
    sarif = json.loads(rtaudit("client", "scan", ".", "-o", "sarif").stdout)
    results = sarif["runs"][0]["results"]
    justified = sorted(one["suppressions"][0]["justification"] for one in results if "suppressions" in one)
    assert [text.partition(", ")[0] for text in justified] == ["waived: kept for the record", "waived: what the tests of the migration feed"]  # fmt: skip
    (standing,) = [one for one in results if "suppressions" not in one]
    places = [one["physicalLocation"] for one in standing["locations"]]
    assert [one["artifactLocation"]["uri"] for one in places] == ["a.py", "a.py"]
    assert [one["region"] for one in places] == [{"startLine": 4, "startColumn": 3}, {"startLine": 5, "startColumn": 3}]
    fingerprints = [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]
    assert len(set(fingerprints)) == len(fingerprints)


def test_places_in_sarif_are_from_the_current_directory(tmp_path: Path, rtaudit):
    put(tmp_path, {"apps/voice app/a.py": PREVIEW})
    sarif = json.loads(rtaudit("client", "scan", "apps", "-o", "sarif").stdout)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "apps/voice%20app/a.py"


@posix
def test_hostile_trees_are_walked_to_their_end(tmp_path: Path):
    tree = put(tmp_path, {"a.py": PREVIEW})
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
    (deep / "b.py").write_text(PREVIEW)
    (tree / "latin.py").write_bytes("é = 'wss://h.openai.azure.com/openai/realtime'\n".encode("latin-1"))
    (tree / "wide.py").write_text(PREVIEW, encoding="utf-16")
    nested = "[" * 4000 + '"wss://h.openai.azure.com/openai/realtime"' + "]" * 4000
    (tree / "nested.py").write_text(f"x = {nested}\n")
    result = scan(tree)
    names = [one.file.rsplit("/", 1)[-1] for one in result.findings]
    assert [one for one in names if one != "nested.py"] == ["a.py", "b.py", "latin.py", "wide.py"]
    assert result.left_out == {"binary": 2, "no regular file": 1, "symbolic links": 2}
    assert result.unread == [("huge.log", f"{2 * 1024**3:,} bytes, more than {MAX_BYTES:,}")]


def test_what_could_not_be_read_is_no_clean_tree(tmp_path: Path, rtaudit):
    (tmp_path / "empty").mkdir()
    nothing = rtaudit("client", "scan", "empty")
    assert nothing.returncode == 4
    assert "nothing was read" in nothing.stdout
    with open(tmp_path / "huge.log", "wb") as file:
        file.write(b"x" * 9000)
        file.truncate(MAX_BYTES + 1)
    put(tmp_path, {"a.py": "x = 1\n"})
    done = rtaudit("client", "scan", ".")
    assert done.returncode == 4
    assert "huge.log: not read" in done.stdout
    assert rtaudit("client", "scan", "nowhere").returncode == 3
    assert rtaudit("client", "scan", ".", "--fail-on", "worse").returncode == 2


def test_minified_code_is_read_in_bounds(tmp_path: Path):
    hit = 'new WebSocket("wss://h.openai.azure.com/openai/realtime?deployment=v");'
    (tmp_path / "a.js").write_text("a=b&&c;" * 350_000 + hit + "a=b&&c;" * 100_000 + hit)
    (finding,) = [one for one in scan(tmp_path).findings if one.check.id == "RTA-SRC-004"]
    assert [place.column for place in finding.places] == [2_450_000 + hit.index('"wss') + 1]


def test_voice_live_is_what_opens_it_and_no_name(tmp_path: Path):
    url = 'url = "wss://h.openai.azure.com/openai/v1/realtime?model=v"\n'
    put(tmp_path, {"a.py": f'model = os.environ.get("VOICELIVE_MODEL", "v")\n{url}'})
    assert scan(tmp_path).notes == []
    put(tmp_path, {"b.py": 'live = "wss://h.services.ai.azure.com/voice-live/realtime?api-version=2025-10-01"\n'})
    assert scan(tmp_path).notes == ["Voice Live (b.py:1) is another API: not checked."]


def test_a_folder_without_source_checks_is_an_error(tmp_path: Path, rtaudit):
    put(tmp_path, {"a.py": PREVIEW, "checks/a.txt": "none"})
    done = rtaudit("client", "scan", "a.py", "--policy", "checks")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: checks contains no source checks")


@pytest.mark.parametrize(
    ("name", "text", "side"),
    [
        pytest.param("ask.swift", "#!/usr/bin/env swift\nimport Foundation\n", "server", id="a script of Swift"),
        pytest.param("Ask.swift", 'import Foundation\nlet k = ProcessInfo.processInfo.environment["K"]\n', "server", id="Swift at a prompt"),
        pytest.param("Voice.swift", 'import SwiftUI\nlet k = ProcessInfo.processInfo.environment["K"]\n', "mobile", id="an app of Swift"),
        pytest.param("policy.xml.tpl", "<a/>", "config", id="a template of settings"),
        pytest.param("values.yaml.j2", "a: 1", "config", id="a template of YAML"),
    ],
)  # fmt: skip
def test_where_code_runs(name: str, text: str, side: str):
    assert side_of(name, text) == side


@posix
def test_hostile_names_and_lines_cannot_steer_the_terminal(tmp_path: Path, rtaudit):
    (tmp_path / "\x1b[31mred.py").write_text('x("wss://h.openai.azure.com/openai/realtime?\x1b[2J\u202e")\n')
    done = rtaudit("client", "scan", ".")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\x1b[31mred.py:1:3" in done.stdout
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
    # A key is found in a file of any kind.
    put(tmp_path, dict.fromkeys(names, f"{AZURE_KEY}\n"))
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


def test_two_stars_at_the_end_stand_for_every_depth_below():
    patterns = [one for line in ("*.py", "!temp/**") if (one := parse_pattern(line, "")) is not None]
    paths = ["temp.py", "temp/a.py", "temp/x/a.py", "temp/x/y/a.py", "x/temp/a.py"]
    assert [ignored(path, patterns, is_folder=False) for path in paths] == [True, False, False, False, True]


def test_a_hostile_pattern_costs_little():
    pattern = parse_pattern("*a" * 200, "")
    assert pattern is not None
    assert not ignored("a" * 250, [pattern], is_folder=False)


def test_the_command_line_loads_no_grammar():
    code = "import sys, rtaudit.cli; sys.exit('ast_grep_py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_grammars_the_scan_says_so_and_all_else_works(
    tmp_path: Path, rtaudit, monkeypatch: pytest.MonkeyPatch
):
    # An installation without the package, as on a platform that it has no wheel for.
    put(tmp_path, {"site/sitecustomize.py": "import sys\nsys.modules['ast_grep_py'] = None\n", "a/a.py": PREVIEW})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    done = rtaudit("client", "scan", "a")
    assert done.returncode == 3
    assert done.stderr.startswith("error: client scan needs the package ast-grep-py")
    assert rtaudit("policy", "list").returncode == 0
