"""Azure error bodies: status, code and message, as Azure Resource Manager writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtaudit.simulate.routes import Route, action_of
from rtaudit.simulate.served import encode
from rtaudit.snapshot import Gap

OBJECT_ID = "00000000-0000-4000-8000-0000000000a1"
"""Object id of the identity whose tokens the simulator gives out."""

CLIENT_ID = "00000000-0000-4000-8000-0000000000c1"
"""Its client (application) id."""


@dataclass(frozen=True, slots=True)
class CannedResponse:
    """An HTTP answer, or none at all."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    """True to reset the connection instead of answering."""


DROPPED = CannedResponse(0, drop=True)
"""No answer: the connection is reset."""


def error(status: int, code: str, message: str, *headers: tuple[str, str]) -> CannedResponse:
    """The envelope of Azure Resource Manager itself."""
    return CannedResponse(status, encode({"error": {"code": code, "message": message}}), headers)


def insights_error(status: int, code: str, message: str) -> CannedResponse:
    """The envelope of Microsoft.Insights, which has no `error` around it."""
    return CannedResponse(status, encode({"code": code, "message": message}))


def unauthorized(code: str, message: str, tenant: str) -> CannedResponse:
    """No token, or not one that holds."""
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/{tenant}", error="invalid_token", '
        f'error_description="{" ".join(message.split())}"'
    )
    return error(401, code, message, ("WWW-Authenticate", challenge))


def wrong_tenant(token_tenant: str, tenant: str) -> CannedResponse:
    """A token of another tenant."""
    return unauthorized(
        "InvalidAuthenticationTokenTenant",
        f"The access token is from the wrong issuer 'https://sts.windows.net/{token_tenant}/'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL) "
        f"'https://login.windows.net/{tenant}' to get the token. Note, if the subscription is transferred to another tenant "
        "there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). "
        "If you just transferred your subscription and see this error message, please try back later.",
        tenant,
    )


def denied(action: str, scope: str) -> CannedResponse:
    """No role gives `action` at `scope`."""
    return error(403, "AuthorizationFailed", _denied(action, scope))


def _denied(action: str, scope: str) -> str:
    return (
        f"The client '{CLIENT_ID}' with object id '{OBJECT_ID}' does not have authorization to perform action '{action}' "
        f"over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )


def throttled(subscription: str | None, seconds: int) -> CannedResponse:
    """The bucket of reads is empty."""
    return error(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of 'read' requests for subscription '{subscription or ''}' actor '{OBJECT_ID}' exceeded. Please try again "
        f"after '{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
        "additional information.",
        ("Retry-After", str(seconds)),
    )


def no_api_version() -> CannedResponse:
    """The query has no api-version."""
    return error(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def unknown_api_version(route: Route, version: str, supported: Sequence[str], location: str) -> CannedResponse:
    """An api-version that this cloud does not know. Resources in a region and the lists of a provider say it differently."""
    versions = ", ".join(supported)
    name = action_of(route.type, route.segments).rpartition("/")[0].partition("/")[2]
    if route.namespace == "" or route.type == "microsoft.resources/providers":
        return error(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{versions}'.",
        )
    if route.group:
        return error(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}' and API version '{version}' for type "
            f"'{name}'. The supported api-versions are '{versions}'. The supported locations are '{location}'.",
        )
    return error(
        404,
        "InvalidResourceType",
        f"The resource type '{name}' could not be found in the namespace '{route.namespace}' for api version '{version}'. "
        f"The supported api-versions are '{versions}'.",
    )


def unknown_type(route: Route, version: str) -> CannedResponse:
    """A type that does not exist (or that the simulator does not serve)."""
    name = "/".join(route.type.split("/")[1:])
    return error(
        404,
        "InvalidResourceType",
        f"The resource type '{name}' could not be found in the namespace '{route.namespace}' for api version '{version}'.",
    )


def unknown_namespace(namespace: str) -> CannedResponse:
    """A provider that does not exist."""
    return error(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def not_found(route: Route) -> CannedResponse:
    """A resource that is not there."""
    if route.type == "microsoft.insights/diagnosticsettings":
        return insights_error(404, "ResourceNotFound", f"The diagnostic setting '{route.segments[-1]}' doesn't exist.")
    return error(404, "ResourceNotFound", words_of_not_found(route))


def words_of_not_found(route: Route) -> str:
    """What is missing, in Azure's words: the resource itself, or of a list what it was asked below."""
    segments = route.segments[: route.scope.count("/")] if route.collection else route.segments
    name = "/".join(segments[5:]) if route.group else "/".join(segments)
    group = f" under resource group '{segments[3]}'" if route.group else ""
    return (
        f"The Resource '{name}'{group} was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )


def group_not_found(name: str) -> CannedResponse:
    """A resource group that is not there."""
    return error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def subscription_not_found(name: str) -> CannedResponse:
    """A subscription that is not there, or that the identity cannot see."""
    return error(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")


def not_registered(namespace: str) -> CannedResponse:
    """A provider that the subscription has not registered."""
    return error(
        409,
        "MissingSubscriptionRegistration",
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to "
        "register subscriptions.",
    )


def not_in_snapshot(aspect: str) -> CannedResponse:
    """What no snapshot has read. An empty answer would be a guess; Azure has no words for this."""
    return error(501, "NotInSnapshot", f"The snapshot that is served here did not read '{aspect}'.")


_OF_RESOURCE_MANAGER = frozenset(
    {"AuthorizationFailed", "SubscriptionRequestsThrottled", "ResourceNotFound", "MissingSubscriptionRegistration"}
)


def recorded(gap: Gap, route: Route, retry_after: int) -> CannedResponse:
    """The failure that a gap records, once more."""
    status = gap.status or {"denied": 403, "throttled": 429, "missing": 404, "interrupted": 503}.get(gap.reason, 0)
    if 0 < status < 400 or (not status and "malformed" in (gap.code or "").lower()):
        # A success that could not be read: what came was no JSON.
        return CannedResponse(status or 200, b'{"value": [')
    if not status:
        return DROPPED
    usual = {
        "denied": ("AuthorizationFailed", _denied(gap.needs or route.action, route.display_scope)),
        "throttled": ("SubscriptionRequestsThrottled", "The request was throttled."),
        "missing": ("ResourceNotFound", words_of_not_found(route)),
        "interrupted": ("Interrupted", "The collection that is served here was interrupted before this was read."),
    }
    code, message = usual.get(gap.reason, ("InternalServerError", "The server failed to answer."))
    code, message = gap.code or code, gap.message or message
    headers = (("Retry-After", str(retry_after)),) if status == 429 else ()
    if route.type.startswith("microsoft.insights/") and code not in _OF_RESOURCE_MANAGER:
        return CannedResponse(status, encode({"code": code, "message": message}), headers)
    return error(status, code, message, *headers)
