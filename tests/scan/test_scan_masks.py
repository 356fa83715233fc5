"""No text that leaves a scan holds a secret, whatever its shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtaudit.scan.masks import excerpt, mask
from rtaudit.scan.packages import packages_in

# Put together here, so that no scanner takes this file for a leak.
HEX = "0123456789abcdef" * 2
AZURE_KEY = "A1b2" * 13 + "JQQJ9" + "9BC2CACHYHv6XJ3w3AAAB"
GITHUB = "gh" + "p_SECRETTOKEN1234567890abcd"
OPENAI = "s" + "k-proj-abcdefghijklmnopqrstuv"
OLD = '"openai": "^4.77.0"'


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("wss://gw.azure-api.net/x?model=v&subscription-key=MySuperSecretSubKey123", "MySuper"),
        ("https://x/y?code=abcDEF123&x=1", "abcDEF"),
        ("https://x/y?x=1&amp;key=abcDEF123", "abcDEF"),
        ('u.searchParams.set("api-key", "hardcodedsecret123")', "hardcoded"),
        ('u.searchParams.append("subscription-key", `hardcodedsecret123`)', "hardcoded"),
        ('{"api-key" => "hardcodedsecret123"}', "hardcoded"),
        ('headers["api-key"] = "hardcodedsecret123"', "hardcoded"),
        ('apiKey := "hardcodedsecret123"', "hardcoded"),
        ('const apiKey: string = "hardcodedsecret123"', "hardcoded"),
        ('key = os.getenv("AZURE_OPENAI_API_KEY") or "hardcodedsecret123"', "hardcoded"),
        ('key = os.getenv("AZURE_OPENAI_API_KEY", "hardcodedsecret123")', "hardcoded"),
        ('new AzureKeyCredential("hardcodedsecret123")', "hardcoded"),
        ('<add key="AzureOpenAIKey" value="hardcodedsecret123"/>', "hardcoded"),
        ("VITE_AZURE_OPENAI_KEY=hardcodedsecret123", "hardcoded"),
        ("ENV AZURE_OPENAI_API_KEY hardcodedsecret123", "hardcoded"),
        (f"new OpenAI({{ apiKey: '{OPENAI}' }})", "abcdefgh"),
        (f"key {OPENAI} here", "abcdefgh"),
        (f"git+https://oauth2:{GITHUB}@github.com/org/x.git", "SECRETTOKEN"),
        (f"git+https://{GITHUB}@github.com/org/x.git", "SECRETTOKEN"),
        (f"token {GITHUB} here", "SECRETTOKEN"),
        ("openai --index-url https://bob:hunter2@pkgs.example/simple", "hunter2"),
        (f"because {HEX}", HEX),
        (AZURE_KEY, AZURE_KEY[:8]),
    ],
)
def test_a_secret_of_each_shape_is_cut(text: str, secret: str):
    assert secret not in mask(text)
    assert "[cut]" in mask(text)
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "wss://x.openai.azure.com/openai/v1/realtime?model=voice&x=1",
        "const key = import.meta.env.VITE_AZURE_OPENAI_KEY",
        "API_KEY = process.env.AZURE_OPENAI_API_KEY",
        "git+https://git@github.com/org/x.git",
        "kept for the record",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert mask(text) == text


@pytest.mark.parametrize("filler", [550, 640, 700, 900])
@pytest.mark.parametrize("second", [AZURE_KEY, HEX, "https://bob:hunter2hunter2@pkgs.example/"])
def test_an_excerpt_never_slides_to_half_a_secret(filler: int, second: str):
    tail = 'f("api-key"); '
    for length in range(filler - 90, filler + 1):
        line = f'"api-key": v, "t": "Bearer {"b" * length}", "second": "{second}", ' + "x " * 900
        assert second[:14].removeprefix("https://") not in excerpt(line, 0)
        line = "y " * 900 + f'"second": "{second}", "t": "Bearer {"b" * (length - 440)}", {tail}'
        assert second[-12:].removesuffix("/") not in excerpt(line, line.index(tail)).replace("pkgs.example", "")


def test_an_excerpt_shows_what_it_is_of():
    line = f'{"a?b&c=" * 300}/openai/realtime?{"a?b&c=" * 300} "api-key={HEX}"'
    assert "/openai/realtime" in excerpt(line, line.index("/openai"))
    line = f'"t": "Bearer {"b" * 200}", client.beta.realtime.connect()'
    assert excerpt(line, line.index(".beta")) == '"t": "Bearer [cut]", client.beta.realtime.connect()'


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("a.js", "wss://gw.azure-api.net/realtime?model=v&subscription-key=MySuperSecretSubKey123\n", "MySuper"),
        ("a.tsx", f'new OpenAI({{ apiKey: "{OPENAI}", dangerouslyAllowBrowser: true }}) // realtime\n', "abcdefgh"),
        (
            "package.json",
            f'{{"name": "realtime", "dependencies": {{"openai": "git+https://oauth2:{GITHUB}@x.y/z"}}}}',
            "SECRETTOKEN",
        ),
        ("package.json", f'{{"realtime": "https://oauth2:{GITHUB}@x.y/z", {OLD}}}', "SECRETTOKEN"),
        (
            "requirements.txt",
            "openai==1.50.0 --index-url https://bob:hunter2@pkgs.example/simple # realtime\n",
            "hunter2",
        ),
        ("a.py", f"# rtaudit:ignore[RTA-SRC-004] because {HEX}\nu = 'wss://h.openai.azure.com/openai/realtime'\n", HEX),
        (".env", "VITE_AZURE_OPENAI_KEY=hardcodedsecret123\n", "hardcoded"),
    ],
)
def test_no_form_of_a_scan_shows_it(tmp_path: Path, rtaudit, name: str, text: str, secret: str):
    (tmp_path / name).write_text(text)
    for words in (["-o", "table"], ["-o", "json"], ["-o", "sarif"], ["--draft", "draft.yaml", "--name", "x"]):
        done = rtaudit("client", "scan", name, *words)
        assert done.returncode in (0, 1), done.stderr
        assert secret not in done.stdout + done.stderr
    assert secret not in (tmp_path / "draft.yaml").read_text()


def test_a_version_ends_before_the_options_of_pip():
    text = "openai==1.50.0 --index-url https://x\n"
    assert [one.stated for one in packages_in("requirements.txt", text)][:1] == ["==1.50.0"]
    text = "openai==1.50.0 \\\n    --hash=sha256:abc\nwebsockets==12\n"
    assert [one.stated for one in packages_in("requirements.txt", text)][:1] == ["==1.50.0"]
    text = "openai >= 1.30, < 1.60\nwebsockets==12\n"
    first = packages_in("requirements.txt", text)[0]
    assert (first.stated, str(first.newest)) == (">= 1.30, < 1.60", "1.59.1000000000")
