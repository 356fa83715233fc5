"""The Azure clouds: where their Resource Manager is, who issues tokens for it, how their hosts and DNS zones are named.

Source: azure-mgmt-core `get_arm_endpoints`, azure-identity `AzureAuthorityHosts`, Microsoft's private endpoint DNS page.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """One Azure cloud."""

    name: str
    """The name that `az cloud list` uses."""
    arm: str
    """Base URL of Azure Resource Manager, without a trailing slash."""
    audience: str
    """What a Resource Manager token is asked for (`<audience>/.default`)."""
    authority: str
    """Host of the token issuer."""
    openai_suffix: str
    """Host suffix of an account's Azure OpenAI endpoint."""
    dns_zones: dict[str, str]
    """Private DNS zone by host family (openai, cognitiveservices, services.ai). Empty where Microsoft documents none."""
    data_plane_audience: str
    """What a token for the realtime endpoint is asked for."""


CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="AzureCloud",
            arm="https://management.azure.com",
            audience="https://management.azure.com",
            authority="login.microsoftonline.com",
            openai_suffix="openai.azure.com",
            dns_zones={
                "openai": "privatelink.openai.azure.com",
                "cognitiveservices": "privatelink.cognitiveservices.azure.com",
                "services.ai": "privatelink.services.ai.azure.com",
            },
            data_plane_audience="https://cognitiveservices.azure.com",
        ),
        Cloud(
            name="AzureUSGovernment",
            arm="https://management.usgovcloudapi.net",
            audience="https://management.core.usgovcloudapi.net",
            authority="login.microsoftonline.us",
            openai_suffix="openai.azure.us",
            dns_zones={
                "openai": "privatelink.openai.azure.us",
                "cognitiveservices": "privatelink.cognitiveservices.azure.us",
            },
            data_plane_audience="https://cognitiveservices.azure.us",
        ),
        Cloud(
            name="AzureChinaCloud",
            arm="https://management.chinacloudapi.cn",
            audience="https://management.chinacloudapi.cn",
            authority="login.chinacloudapi.cn",
            openai_suffix="openai.azure.cn",
            dns_zones={},
            data_plane_audience="https://cognitiveservices.azure.cn",
        ),
    )
}
"""Every cloud by name."""
