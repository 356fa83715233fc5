"""One secret of each shape: the text in which it stands, and the part that no output may hold."""

from __future__ import annotations

import json

# Put together here, so that no scanner takes this file for a leak.
HEX = "0123456789abcdef" * 2
HEX64 = "fedcba9876543210" * 4
B64 = "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8hISE" + "="
STORAGE_KEY = "aB3+/" * 17 + "x" + "=="
AI_KEY = "a1B2" * 13 + "JQQJ9" + "9xY" * 8
JWT = "eyJ" + "hbGciOiJSUzI1NiJ9" + "." + "eyJzdWIiOiJyZWFkZXIifQ" + "." + "c2lnbmF0dXJl"
GITHUB = "gh" + "p_" + "Kx7" * 12
PEM_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
WORD = "hunter2canary"

ANYWHERE: dict[str, tuple[str, str]] = {
    "SAS": ("https://x.blob.core.windows.net/c?sv=2024-01-01&" + "sig=" + WORD + "%2Fdef%3D&se=2026", WORD),
    "SAS, encoded": ("redirect=https%3A%2F%2Fx%3Fsv%3D2024%26" + "sig%3D" + WORD + "%26se%3D2026", WORD),
    "account key": ("DefaultEndpointsProtocol=https;AccountName=x;" + "AccountKey=" + STORAGE_KEY + ";E=y", STORAGE_KEY[:-2]),
    "shared access key": ("Endpoint=sb://x/;SharedAccessKeyName=r;" + "SharedAccessKey=" + WORD + "+V=", WORD),
    "password in a connection string": ("Server=x;User=y;" + "Password=" + WORD + ";Encrypt=true", WORD),
    "pwd": ("Server=x;Uid=y;" + "Pwd=" + WORD, WORD),
    "user in an address": ("https://user:" + WORD + "@host.example/path", WORD),
    "token in an address": ("https://" + WORD + "@host.example/path", WORD),
    "bearer": ("Authorization: " + "Bearer " + WORD + "0123", WORD),
    "basic": ("Authorization: " + "Basic " + "dXNlcjpodW50ZXIyY2FuYXJ5", "dXNlcjpodW50"),
    "basic alone": ("was sent " + "Basic " + "dXNlcjpodW50ZXIyY2FuYXJ5", "dXNlcjpodW50"),
    "JSON web token": ("the token " + JWT + " was refused", JWT[:20]),
    "code of a function": ("https://f.azurewebsites.net/api/hook?" + "code=" + WORD + "&x=1", WORD),
    "access token": ("https://x/y?" + "access_token=" + WORD, WORD),
    "api key in a query": ("https://x/y?x=1&amp;" + "apikey=" + WORD, WORD),
    "subscription key": ("wss://x/y?" + "subscription-key=" + WORD, WORD),
    "client secret": ("client_id=x&" + "client_secret=" + WORD + "&x=1", WORD),
    "compared": ('if api_key == "' + WORD + '":', WORD),
    "compared, of JavaScript": ("if (apiKey !== '" + WORD + "')", WORD),
    "compared, without quotes": ("where ApiKey == " + WORD, WORD),
    "api-key header": ("api-key: " + WORD, WORD),
    "PEM": ("-----BEGIN " + "PRIVATE KEY-----\n" + PEM_BODY + "\n-----END " + "PRIVATE KEY-----", PEM_BODY),
    "PEM, cut off": ("-----BEGIN RSA " + "PRIVATE KEY-----\\n" + PEM_BODY, PEM_BODY),
    "GitHub": ("see " + GITHUB, GITHUB[4:20]),
    "GitHub, fine-grained": ("github" + "_pat_" + "Q9z" * 20, "Q9zQ9zQ9z"),
    "OpenAI": ("s" + "k-proj-" + "W4y" * 10, "W4yW4yW4y"),
    "Slack hook": ("https://hooks.slack" + ".com/services/T000/B000/" + WORD, WORD),
    "Slack": ("xo" + "xb-1234567890-" + WORD, WORD),
    "Teams hook": ("https://contoso.webhook" + ".office.com/webhookb2/" + WORD + "@t/IncomingWebhook/x", WORD),
    "storage key": (STORAGE_KEY, STORAGE_KEY[:-2]),
    "Azure AI key": (AI_KEY, AI_KEY[:20]),
    "application secret": ("abc8Q" + "~" + "Zy7." * 8 + "ab", "Zy7.Zy7."),
    "AWS": ("AK" + "IA" + "Q4W5E6R7T8Y9U0I1", "Q4W5E6R7"),
    "32 hex beside a name": ("the key is " + HEX, HEX),
    "64 hex beside a name": ("api_key=" + HEX64, HEX64),
    "44 base64 beside a name": ("SharedKey: " + B64, B64[:-1]),
    "option of a command": ("az login --client-secret " + WORD + " --tenant x", WORD),
    "element": ("<password>" + WORD + "</password>", WORD),
    "element with a name": ('<add key="ApiKey" value="' + WORD + '"/>', WORD),
    "in words": ("the password is " + WORD + "9", WORD),
    "curl": ("curl -u user:" + WORD + " https://x", WORD),
    "JSON in a string": (json.dumps({"apiKey": WORD, "region": "eastus2"}), WORD),
    "JSON in JSON in a string": (json.dumps({"a": json.dumps({"b": [{"clientSecret": WORD}]})}), WORD),
    "header in JSON in a string": (json.dumps([{"name": "Authorization", "value": WORD}]), WORD),
    "JSON inside of a text": ("body was " + json.dumps({"password": WORD}), WORD),
}  # fmt: skip
"""Shape -> text, and what must not be seen of it, wherever the text stands."""

NAMES = (
    "migrationToken", "apiKey", "api-key", "api_key", "accessKey", "primaryKey", "secondaryKey", "clientSecret",
    "password", "adminPassword", "connectionString", "storageAccountConnectionString", "connection-string",
    "sasToken", "SAS_URL", "accessToken", "refresh_token", "subscriptionKey", "qnaAzureSearchEndpointKey",
    "instrumentationKey", "credentials", "pwd", "token", "key1", "key2", "keys", "accessKeys", "secrets", "secret",
    "AZURE_OPENAI_API_KEY", "OPENAI_API_KEY_OLD", "sharedaccesskey", "webHookProperties", "requestMessage", "customHeaders",
    "Authorization", "cookie", "functionKey", "signingKey", "botToken", "PRIVATE_KEY_PEM", "dbPassword1",
)  # fmt: skip
"""Names of fields and tags whose value is a secret, whatever it looks like."""

KEPT = (
    "/subscriptions/0a000000-0000-4000-8000-000000000001/resourceGroups/secret-group/providers/M.K/vaults/password",
    "/subscriptions/0a000000-0000-4000-8000-000000000001/resourceGroups/key1/providers/Microsoft.CognitiveServices/accounts/token",
    '"0a00b0c0-0000-0200-0000-65a000000000"',
    "W/\"datetime'2017-03-27T11%3A19%3A08.762494Z'\"",
    "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    HEX,
    "sha256:" + HEX64,
    "sha1 " + "0123456789" * 4,
    "gpt-realtime-mini-2025-12-15",
    "OpenAI.GlobalStandard.gpt-realtime",
    "lh-frontdesk-prod-eus2.openai.azure.com",
    "wss://voice.openai.azure.com/openai/v1/realtime?model=voice&api-version=2026-01-01&x=1",
    "Basic authentication is off",
    "Bearer authentication is on",
    "InvalidAuthenticationToken: The access token expired",
    "Tokens Per Minute (thousands) - gpt-4.1 - GlobalStandard",
    "Microsoft.CognitiveServices/accounts/listKeys/action",
    "object id '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' does not have authorization to perform action 'M.I/x/read' over '/s'",
    "https://vault.vault.azure.net/keys/voice/" + HEX,
    "git@github.com:contoso/voice.git",
    "someone@example.com",
    '[{"format":"OpenAI","name":"gpt-realtime","version":"2025-08-28"}]',
    "sip:proj_abc@sip.ai.azure.com",
    "DataZoneStandard,GlobalStandard",
    "2026-05-22T20:09:19.2913137Z",
    "AzureDiagnostics | where ResultSignature == 429 or ResultSignature != 200",
)
"""Texts that look a little like secrets, and are none."""
