"""Sides: tell where the code of a file runs: browser, mobile, server; or that it is configuration, a test, prose."""

from __future__ import annotations

import re
from collections.abc import Collection

from rtaudit.scan.languages import MARKUP, PROSE

SIDES = ("browser", "mobile", "server", "config", "tests", "prose")
"""In the order in which a contract's side is drafted."""
CODE = ("browser", "mobile", "server")
"""Sides of what runs."""

_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|spec|specs|testdata|test-data|fixtures|e2e|mocks?)/"
    r"|(?:^|/)(?:test_[^/]*|conftest)\.py\Z|[^/]*(?:[._-](?:test|tests|spec)|Tests?|Spec)\.\w+\Z"
)
_BROWSER_TEXT = re.compile(
    r"\bwindow\.|\bdocument\.(?:get|query|create|body|add)|navigator\.(?:mediaDevices|clipboard)|new RTCPeerConnection|localStorage"
    r"|sessionStorage|new AudioContext|\bAudioWorklet|import\.meta\.env|getUserMedia|\b(?:chrome|browser)\.(?:runtime|storage|tabs|sidePanel|offscreen)\."
)
_CLIENT_DIRECTIVE = re.compile(r"^\s*['\"]use client['\"]", re.MULTILINE)
_SERVER_DIRECTIVE = re.compile(r"^\s*['\"]use server['\"]|import ['\"]server-only['\"]", re.MULTILINE)
_BROWSER_IMPORT = re.compile(
    r"(?:from|require\()\s*['\"](?:react|react-dom|vue|svelte|@angular/core|preact|solid-js|lit|next/navigation|next/link|@mui/[^'\"]*"
    r"|@vitejs[^'\"]*|astro:components|@builder\.io/qwik|alpinejs|jquery)(?:/[^'\"]*)?['\"]"
)
_SERVER_TEXT = re.compile(
    r"(?:require\(|from )\s*['\"](?:node:)?(?:express|http|https|fs|fs/promises|ws|fastify|koa|hono|path|net|child_process|dotenv|next/server"
    r"|@azure/identity|@azure/functions|socket\.io|@nestjs/[^'\"]*|@hono/[^'\"]*|@hapi/hapi|h3|nitro|@sveltejs/kit|cors|body-parser|process)['\"]"
    r"|\bprocess\.(?:argv|exit|stdin)|\bimport ['\"]dotenv/config|@Injectable\(|createServer\(|\bBun\.serve|Deno\.serve|app\.listen\("
)
_ROUTE_FILES = re.compile(
    r"(?:^|/)(?:route|\+server|\+page\.server|\+layout\.server|hooks\.server|middleware|instrumentation)\.[jt]sx?\Z"
    r"|(?:^|/)pages/api/|(?:^|/)(?:api|server|servers|backend|functions|netlify/functions|supabase/functions|workers?|lambda|edge|server-side)/"
    r"|\.server\.[jt]sx?\Z|(?:^|/)(?:server|worker|index\.server|proxy|relay|backend)\.[cm]?[jt]s\Z"
)
_WORKER = re.compile(r"export default \{[^}]*\bfetch\(|addEventListener\(['\"]fetch")
_BROWSER_FOLDERS = {"public", "static", "frontend", "webapp", "wwwroot", "assets", "web", "webui", "client", "ui", "www", "components",
                    "hooks", "browser", "pages", "views", "spa"}  # fmt: skip
_MOBILE_FOLDERS = {"ios", "android"}
_MOBILE_IMPORT = re.compile(
    r"(?:from|require\()\s*['\"](?:react-native|expo|expo-[\w-]+|@react-native[\w/-]*|@capacitor/[\w-]+|@ionic/[\w-]+)"
    r"|package:flutter/|^import (?:UIKit|SwiftUI|AVFoundation|AVFAudio)\b|^\s*import android(?:x)?\.|using UnityEngine|using Xamarin|using Microsoft\.Maui",
    re.MULTILINE,
)
_JVM_SERVER = re.compile(
    r"^[ \t]*import[ \t]+(?:org\.springframework|io\.ktor\.server|jakarta\.|javax\.servlet|io\.micronaut|io\.quarkus|com\.sun\.net\.httpserver)",
    re.MULTILINE,
)
_SWIFT_SERVER = re.compile(
    r"\A#!|^import (?:Vapor|Hummingbird|NIO\w*|ArgumentParser)\b|\bCommandLine\.arguments|\breadLine\(", re.MULTILINE
)
_SWIFT_APP = re.compile(r"^import (?:UIKit|SwiftUI|AVFoundation|AVFAudio|WatchKit)\b", re.MULTILINE)
_SWIFT_ENVIRONMENT = re.compile(r"ProcessInfo\.processInfo\.environment")
"""An app on a phone has no environment: who reads one runs on a server, or at a prompt."""
_SCRIPT = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_CONFIG = (".yaml", ".yml", ".json", ".jsonc", ".toml", ".ini", ".cfg", ".conf", ".properties", ".tf", ".tfvars", ".hcl", ".bicep",
           ".bicepparam", ".xml", ".config", ".csproj", ".props", ".sample", ".example", ".template", ".env", ".plist", ".lock")  # fmt: skip
_TEMPLATES = re.compile(r"\.(?:tpl|tftpl|tmpl|j2|jinja2?|mustache|dist)\Z")
"""What a file of settings ends with when something else fills it in."""
BUNDLERS = frozenset({
    "vite", "react", "react-dom", "react-scripts", "vue", "svelte", "@angular/core", "webpack", "parcel", "next", "nuxt", "astro", "preact",
    "solid-js", "@sveltejs/kit", "gatsby", "esbuild", "rollup",
})  # fmt: skip
"""Packages beside which script without a sign of a server is a page's."""
MOBILE_PACKAGES = frozenset({"react-native", "expo", "@capacitor/core", "@ionic/core"})


def side_of(path: str, text: str, packages: Collection[str] = ()) -> str:
    """Where the code of a file runs; `packages` are those of the project's manifest."""
    folders = [part.lower() for part in path.split("/")[:-1]]
    name = path.rsplit("/", 1)[-1].lower()
    if name.endswith(PROSE) and not re.fullmatch(r"(.*requirements.*|constraints.*)\.txt|.*\.env\..*", name):
        return "prose"
    if _TESTS.search(path):
        return "tests"
    if is_config(name):
        return "config"
    if name.endswith((".kt", ".kts", ".java")):
        server = _JVM_SERVER.search(text)
        if name.endswith(".gradle.kts"):
            return "config"
        mobile = name.endswith(".kt") or "android" in folders or _MOBILE_IMPORT.search(text)
        return "mobile" if mobile and not server else "server"
    if name.endswith((".swift", ".dart", ".m", ".mm")):
        if name.endswith(".dart"):
            return "server" if "package:shelf" in text else "mobile"
        alone = _SWIFT_ENVIRONMENT.search(text) and not _SWIFT_APP.search(text)
        return "server" if alone or _SWIFT_SERVER.search(text) else "mobile"
    if name.endswith(".cs"):
        return (
            "mobile"
            if _MOBILE_IMPORT.search(text)
            else "browser"
            if "Microsoft.AspNetCore.Components.WebAssembly" in text
            else "server"
        )
    if name.endswith((*MARKUP, *_SCRIPT)):
        return _script_side(path, name, text, set(folders), packages)
    return "server"


def is_plain_kotlin(path: str, text: str) -> bool:
    """True for Kotlin that a phone or a server may run: nothing in it tells."""
    return path.lower().endswith(".kt") and not _MOBILE_IMPORT.search(text) and "/android" not in f"/{path.lower()}"


def is_server_of_jvm(paths: Collection[str]) -> bool:
    """True for a tree that the JVM's tools build, and that has no app for Android in it."""
    names = {path.rsplit("/", 1)[-1].lower() for path in paths}
    return bool(names & {"build.gradle", "build.gradle.kts", "pom.xml"}) and "androidmanifest.xml" not in names


def is_script(path: str) -> bool:
    """True for a file whose side may depend on the packages beside it."""
    return path.lower().endswith((*MARKUP, *_SCRIPT))


def _script_side(path: str, name: str, text: str, folders: set[str], packages: Collection[str]) -> str:
    if _CLIENT_DIRECTIVE.search(text[:2000]):
        return "browser"
    if _MOBILE_IMPORT.search(text):
        return "mobile"
    if (
        _SERVER_DIRECTIVE.search(text[:2000])
        or _ROUTE_FILES.search(path)
        or _SERVER_TEXT.search(text)
        or _WORKER.search(text)
    ):
        return (
            "browser"
            if _BROWSER_IMPORT.search(text) and not _ROUTE_FILES.search(path) and not _SERVER_TEXT.search(text)
            else "server"
        )
    if folders & _MOBILE_FOLDERS or MOBILE_PACKAGES & set(packages):
        return "mobile"
    if _BROWSER_IMPORT.search(text) or _BROWSER_TEXT.search(text):
        return "browser"
    if name.endswith((*MARKUP, ".jsx", ".tsx")) or folders & _BROWSER_FOLDERS:
        return "browser"
    return "browser" if BUNDLERS & set(packages) and not packages_of_a_server(packages) else "server"


def packages_of_a_server(packages: Collection[str]) -> bool:
    """True where a manifest also names what only a server uses: then a script without a sign may be either."""
    return bool({"express", "fastify", "koa", "hono", "ws", "@azure/functions", "@nestjs/core"} & set(packages))


def is_config(name: str) -> bool:
    """True for a file (its name in lower case) that holds settings."""
    plain = _TEMPLATES.sub("", name)
    return plain.endswith(_CONFIG) or plain.startswith((".env", "env.")) or ".env." in plain or "dockerfile" in plain
