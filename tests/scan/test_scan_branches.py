"""What a condition asks for: Azure alone, another service alone, or neither."""

from __future__ import annotations

import pytest

from rtaudit.scan.branches import asks_for


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("isAzure", True),
        ("(config.isAzure)", True),
        ("self.use_azure", True),
        ("provider.isAzureProvider()", True),
        ('provider == "azure"', True),
        ("provider === Provider.AZURE_OPENAI", True),
        ('kind.equals("azure_openai")', True),
        ("!isAzure", False),
        ("not self.use_azure", False),
        ('provider != "azure"', False),
        ("provider == Provider.OPENAI_DIRECT && !isGa(model)", False),
        ('"openai" === provider', False),
        ("!isAzure && ready", False),
        ("isAzure && ready", None),
        ("isAzure || isFoundry", None),
        ("azure_openai_key", None),
        ("azureEndpoint", None),
        ("os.getenv('AZURE_OPENAI_ENDPOINT')", None),
        ('provider != "openai"', None),
        ("azure_endpoint is None", None),
        ("azure_endpoint is not None", None),
        ("version == azureVersion", None),
        ("", None),
        ("(((", None),
    ],
)
def test_what_a_condition_asks_for(condition: str, answer: bool | None) -> None:
    assert asks_for(condition) is answer
