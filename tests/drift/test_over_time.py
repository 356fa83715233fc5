from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rtaudit.drift.revisions import load_revision
from rtaudit.drift.rolemap import PairingMap
from rtaudit.errors import InputError
from rtaudit.snapshot import Snapshot, write

from .estate import Resource, account, changes, deployment, edited, estate, run, snapshot


def test_one_environment_pairs_by_id_and_says_who_changed_it() -> None:
    def change(item: Resource) -> None:
        item["properties"]["publicNetworkAccess"] = "Enabled"
        item["etag"] = "other"
        item["systemData"] = {"lastModifiedBy": "eve@contoso.example", "lastModifiedAt": "2026-11-20T03:00:00Z"}

    drift = run(estate("prod"), edited(estate("prod"), "accounts", change))
    assert drift.comparisons[0].over_time
    assert {pair.by for pair in drift.comparisons[0].pairs} == {"id"}
    (found,) = drift.comparisons[0].changes
    assert found.path == "/properties/publicNetworkAccess"
    assert found.modified == {"by": "eve@contoso.example", "at": "2026-11-20T03:00:00Z"}
    assert found.meaning is not None
    assert "reachable from the internet" in found.meaning


def test_over_time_it_is_said_that_neither_map_nor_tag_counts() -> None:
    left, right = estate("prod"), edited(estate("prod"), "accounts", lambda item: item["tags"].update(role="voice"))
    said = "prod is compared over time, where each is paired with itself: the map and --pair-by do not count"
    assert run(left, right).warnings == []
    assert run(right, right, tag="role").warnings == [said]
    mapped = PairingMap({"voice": {"prod": [account("prod")["id"]]}})
    assert run(left, right, role_map=mapped).warnings == [said]
    elsewhere = PairingMap({"voice": {"test": [account("test")["id"]]}})
    assert run(left, right, role_map=elsewhere).warnings == []


def test_a_renamed_deployment_is_one_less_and_one_more() -> None:
    owner = account("prod")
    left = snapshot("prod", [owner, deployment(owner, "old")])
    right = snapshot("prod", [owner, deployment(owner, "new")])
    assert [(one.kind, one.role) for one in changes(left, right)] == [
        ("added", "voice-prod/new"),
        ("removed", "voice-prod/old"),
    ]


def test_a_principal_that_is_exchanged_is_seen_over_time() -> None:
    left = estate("prod")
    right = edited(left, "accounts", lambda item: item["identity"].update(principalId="another"))
    assert [(one.path, one.category) for one in changes(left, right)] == [("/identity/principalId", "identity")]


def test_the_catalogue_is_compared_over_time_row_by_row() -> None:
    place = "/subscriptions/s/providers/Microsoft.CognitiveServices/locations/eastus2/models"
    model = {
        "format": "OpenAI",
        "name": "gpt-realtime",
        "version": "2025-08-28",
        "lifecycleStatus": "GenerallyAvailable",
    }
    rows = [
        [{"kind": "OpenAI", "model": {**model, "lifecycleStatus": state}}]
        for state in ("GenerallyAvailable", "Deprecated")
    ]
    left, right = (snapshot("prod", [account("prod"), {"id": place, "value": value}]) for value in rows)
    assert [(one.category, one.path, one.after) for one in changes(left, right)] == [
        ("models", "/value/OpenAI OpenAI gpt-realtime 2025-08-28/model/lifecycleStatus", "Deprecated")
    ]


def test_what_belongs_to_a_deleted_account_is_told_with_it() -> None:
    left = estate("prod")
    right = snapshot("prod", [*left.resources[:1], account("prod", "another")])
    kept = snapshot("prod", [*left.resources, account("prod", "another")])
    assert [(one.kind, one.type.rsplit("/", 1)[-1]) for one in changes(kept, right) if "account" in one.type] == [
        ("removed", "accounts")
    ]


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        [
            "git",
            "-C",
            str(folder),
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "commit.gpgsign=false",
            *words,
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "env").mkdir()
    file = tmp_path / "env" / "prod.json"
    write(estate("prod"), file)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    write(snapshot("prod", []), file)
    return file


def test_a_snapshot_of_an_earlier_revision(repository: Path) -> None:
    found: Snapshot = load_revision("HEAD", repository)
    assert (found.digest, found.file) == (estate("prod").digest, f"HEAD:{repository}")


@pytest.mark.parametrize(
    ("revision", "name", "said"),
    [
        ("nope", "prod.json", "git knows no revision 'nope'"),
        ("--output=x", "prod.json", "git knows no revision '--output=x'"),
        ("HEAD", "test.json", "was not in git at HEAD"),
        ("HEAD", "none/test.json", "no such file"),
    ],
)
def test_what_git_does_not_know(repository: Path, revision: str, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_revision(revision, repository.parent / name)


def test_a_folder_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(InputError, match="not in a git repository"):
        load_revision("HEAD", tmp_path / "prod.json")
