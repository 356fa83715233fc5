"""Callers of client contracts: compared by the roles that they hold, not by their ids."""

from __future__ import annotations

from rtaudit.snapshot import Gap, Snapshot

from .estate import Resource, account, changes, group, snapshot, subscription

WHO = {"test": "11111111-1111-4111-8111-111111111111", "prod": "22222222-2222-4222-8222-222222222222"}
OPENS = {"roleName": "Opens", "permissions": [{"dataActions": ["Microsoft.CognitiveServices/accounts/OpenAI/*"]}]}
READS = {"roleName": "Reads", "permissions": [{"actions": ["*/read"]}]}


def side(label: str, role: Resource | None, gaps: tuple[Gap, ...] = (), who: str = "") -> Snapshot:
    held = []
    if role is not None:
        definition = (
            f"{subscription(label)}/providers/Microsoft.Authorization/roleDefinitions/{role['roleName'].lower()}"
        )
        held = [
            {"id": definition, "properties": role},
            {
                "id": f"{group(label)}/providers/Microsoft.Authorization/roleAssignments/a",
                "properties": {
                    "scope": group(label),
                    "principalId": WHO[label],
                    "principalType": "ServicePrincipal",
                    "roleDefinitionId": definition,
                },
            },
        ]
    contract = {"name": "desk", "account": f"voice-{label}", "caller": who or WHO[label]}
    return snapshot(label, [account(label), *held], gaps, clients=[contract])


def of_contract(left: Snapshot, right: Snapshot) -> list[tuple[str, object, object]]:
    return [(one.path, one.before, one.after) for one in changes(left, right) if one.type == "client"]


def test_another_id_with_the_same_role_is_no_change() -> None:
    assert of_contract(side("test", OPENS), side("prod", OPENS)) == []


def test_another_role_is_told() -> None:
    assert of_contract(side("test", OPENS), side("prod", READS)) == [("/callerRoles", ["Opens"], ["Reads"])]


def test_no_role_is_told() -> None:
    assert of_contract(side("test", OPENS), side("prod", None)) == [("/callerRoles", ["Opens"], [])]


def test_roles_that_were_not_read_are_no_change() -> None:
    unread = (Gap(subscription("prod"), "roleAssignments", "denied"),)
    assert of_contract(side("test", OPENS), side("prod", None, unread)) == []


def test_over_time_another_identity_is_a_change() -> None:
    later = side("test", None, who=WHO["prod"])
    assert of_contract(side("test", OPENS), later) == [
        ("/caller", WHO["test"], WHO["prod"]),
        ("/callerRoles", ["Opens"], []),
    ]


def test_the_app_behind_a_caller_is_not_compared() -> None:
    right = side("prod", OPENS)
    app = {"id": f"{group('prod')}/providers/Microsoft.Web/sites/bridge", "identity": {"principalId": WHO["prod"]}}
    more = Snapshot.of("prod", right.scope, [*right.resources, app], right.gaps, right.clients, right.collection)
    assert [one.type for one in changes(side("test", OPENS), more)] == []
