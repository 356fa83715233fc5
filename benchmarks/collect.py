"""How fast a collection is, against plain concurrent GETs of the same URLs in the same run.

    python benchmarks/collect.py [--rounds 3] [--only NAME]

`rtaudit collect` is measured as a whole process, imports included; the plain GETs are measured from the first request
to the last, with the modules loaded and every URL known beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import urllib3

HERE = Path(__file__).parent
IN_FLIGHT = 48
CASES: dict[str, dict[str, Any]] = {
    "200 accounts in 2 subscriptions, 50 ms": {"accounts": 200, "subscriptions": 2, "latency": 50},
    "the same over TLS": {"accounts": 200, "subscriptions": 2, "latency": 50, "tls": True},
    "1,000 accounts in 10 subscriptions, 20 ms": {"accounts": 1000, "subscriptions": 10, "latency": 20},
}
THROTTLED = {"accounts": 400, "subscriptions": 1, "latency": 20, "bucket": True}


class Server:
    def __init__(self, case: dict[str, Any], folder: str) -> None:
        words = [
            sys.executable, str(HERE / "collect_server.py"), "--accounts", str(case["accounts"]),
            "--subscriptions", str(case["subscriptions"]), "--latency-ms", str(case["latency"]),
        ]  # fmt: skip
        self.certificate = None
        if case.get("tls"):
            self.certificate, key = certificate(folder)
            words += ["--tls", self.certificate, key]
        if case.get("bucket"):
            words.append("--bucket")
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.line())
        self.url = f"{'https' if case.get('tls') else 'http'}://127.0.0.1:{self.ready['port']}"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def counts(self) -> dict[str, int]:
        """What was asked since the last call."""
        self.process.send_signal(signal.SIGUSR1)
        found: dict[str, int] = json.loads(self.line())
        return found

    def environ(self) -> dict[str, str]:
        environ = {
            **os.environ,
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{self.ready['tokenPort']}/token",
            "IDENTITY_HEADER": "x",
        }
        if self.certificate:
            environ["REQUESTS_CA_BUNDLE"] = self.certificate
        return environ


def certificate(folder: str) -> tuple[str, str]:
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def plain(server: Server) -> float:
    """Seconds that plain GETs of every path take."""
    tls = {"ca_certs": server.certificate, "cert_reqs": "CERT_REQUIRED"} if server.certificate else {}
    pool = urllib3.PoolManager(maxsize=IN_FLIGHT, **tls)
    headers = {"Authorization": "Bearer opaque"}

    def get(path: str) -> int:
        return len(pool.request("GET", f"{server.url}{path}", headers=headers, retries=False).data)

    started = time.perf_counter()
    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        list(threads.map(get, server.ready["paths"]))
    return time.perf_counter() - started


def collect(server: Server, case: dict[str, Any], folder: str) -> float:
    """Seconds that the whole process takes."""
    aspects = ["deployments", "contentPolicies", "diagnostics", "models", "usages", "privateEndpoints", "providers"]
    words = [sys.executable, "-m", "rtaudit", "collect", "--arm-endpoint", server.url, "--auth", "managed-identity",
             "--concurrency", str(IN_FLIGHT), "-o", f"{folder}/out.json"]  # fmt: skip
    if server.certificate:
        words += ["--audience", f"{server.url}/"]
    for number in range(1, case["subscriptions"] + 1):
        words += ["-s", f"{number:08d}-0000-4000-8000-000000000000"]
    for aspect in aspects:
        words += ["--aspect", aspect]
    started = time.perf_counter()
    done = subprocess.run(words, env=server.environ(), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"exit {done.returncode}: {done.stderr}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, case in CASES.items():
            if options.only not in name:
                continue
            server = Server(case, folder)
            try:
                bare, ours = [], []
                for _ in range(options.rounds):
                    bare.append(plain(server))
                    server.counts()
                    ours.append(collect(server, case, folder))
                    counts = server.counts()
                ratio = statistics.median(ours) / statistics.median(bare)
                memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
                print(f"{name}: plain {statistics.median(bare):.2f} s, collect {statistics.median(ours):.2f} s "
                      f"({ratio:.2f}x), {memory} MiB, {counts}")  # fmt: skip
            finally:
                server.process.terminate()
        if options.only in "throttled":
            server = Server(THROTTLED, folder)
            try:
                seconds = collect(server, THROTTLED, folder)
                counts = server.counts()
                allowed = (counts["requests"] - counts["refused"] - 250) / 25
                print(f"400 accounts in 1 subscription, a bucket of 250 reads and 25 a second: {seconds:.1f} s "
                      f"({seconds / allowed:.2f}x of the {allowed:.1f} s that it allows), {counts}")  # fmt: skip
            finally:
                server.process.terminate()


if __name__ == "__main__":
    main()
