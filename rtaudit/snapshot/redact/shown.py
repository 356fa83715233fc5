"""Shown: what a redacted copy keeps as it is, because it is Azure's word and nobody's own. Everything else is hidden."""

from __future__ import annotations

import re

from rtaudit.azure.resource_types import RESOURCE_TYPES

FIELDS = frozenset(
    """
    accessmode action actions actionsrequired abusepenalty apiversions area aspect aspects authorizationsource bypass category
    categorygroup cloud code createdbytype createdon criteriontype dataactions datecreated dataingestionstatus defaultaction
    deploymentstate deprecationdate destination environmenttype expirationdate field finetune finishedat format inference
    keysource kind language lastmodifiedbytype lastskuupdate level lifecyclestatus localizedvalue location locationplacementid
    locations logsdestination method metricname metricnamespace mode namespace needs nextresettime notactions notdataactions
    odata.type operator principaltype priority prioritytierskus provisioningstate publicnetworkaccess
    publicnetworkaccessforingestion publicnetworkaccessforquery publisher quotaid reason recordtype regionalstate
    registrationpolicy registrationstate resolutionpolicy resourcetype role rolloutstate routingmethod runsin rules
    scaletype schema servicetier severitythreshold shard size skuname source spendinglimit startedat state status stopped
    groupids targetresourceregion targetresourcetype tier timeaggregation timegrain transport type unit updatedon usagename
    version versionupgradeoption virtualnetworklinkstate windowsize evaluationfrequency
    """.split()  # noqa: SIM905 (a list of words reads better than a hundred quotes)
)
"""Fields (lower case) whose text is a word or a date of Azure's."""

NAMED = frozenset({"model", "sku", "skus", "contentfilters", "capabilities", "tool", "sdk", "value", "name"})
"""Fields (lower case) below which `name` and `value` are Azure's words; of `model` only where it is a known model."""

EVENTS = frozenset(
    {
        "servicehealth", "resourcehealth", "administrative", "security", "alert", "recommendation", "policy", "autoscale", "incident",
        "maintenance", "informational", "actionrequired", "statuscode", "apiname",
    }
)  # fmt: skip
"""Words (lower case) that conditions of alerts compare with."""

AUTH = frozenset({"auth", "signalling", "audio", "use", "where", "live", "speech", "gateway", "network", "path"})
"""Fields (lower case) of a client contract with words of ours."""

WORD = re.compile(r"[A-Za-z0-9*][A-Za-z0-9 .,:()_*/+#-]{0,119}")
"""What a shown text looks like; anything else is hidden under any field."""

MAPS = frozenset(
    {
        "tags", "labels", "metadata", "customproperties", "userassignedidentities", "environments", "query", "headers",
        "hiddenlinks", "webhookproperties", "annotations", "additionalproperties",
    }
)  # fmt: skip
"""Fields (lower case) whose own fields are named by people."""

FIELD_NAME = re.compile(r"[@$]?[A-Za-z][A-Za-z0-9.]{0,48}")
"""What a field of Azure's is called."""

ENDPOINT_NAMES = re.compile(
    r"(?:(?:AI|API|Foundry|OpenAI|Azure|Content|Safety|Assistants?|Language|Model|Models|Instance|Realtime|Translation|WebSocket|Websocket"
    r"|Whisper|Dall-E|DALL-E|Speech|Services?|Token|Response|Responses|Inference|Image|Moderator|on|to|Text|Sora|Face|Vision|Computer"
    r"|Custom|Scaleset|SDK|GPT|Legacy|Generation|Video|LUIS|QnAMaker|Management|FormRecognizer|Document|Intelligence|Health|Insights|Agents?"
    r"|Live|Voice|Whisper|Analyze|Understanding|Container|Training|Prediction|Batch|Document)(?: |$)){1,8}"
)
"""Names of the endpoints of an account, all of them Azure's."""

TAG_NAMES = frozenset(
    """
    application app applicationname businessunit classification component contact cost-center cost-centre cost_center costcenter
    costcentre createdby criticality customer data-classification dataclassification department department env environment
    environmenttype expires managed-by managedby owner project region service stage team technicalowner tier workload version
    """.split()  # noqa: SIM905
)
"""Tags (lower case) that everybody has, and that rules ask for."""

ENVIRONMENTS = frozenset(
    {
        "dev",
        "development",
        "test",
        "tst",
        "staging",
        "stage",
        "stg",
        "prod",
        "production",
        "prd",
        "uat",
        "qa",
        "sandbox",
        "default",
    }
)
"""Words for an environment."""

REGIONS = frozenset(
    """
    australiacentral australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth brazilsoutheast canadacentral
    canadaeast centralindia centralus chilecentral chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3
    denmarkeast eastasia eastus eastus2 francecentral francesouth germanynorth germanywestcentral global indonesiacentral
    israelcentral italynorth japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral
    newzealandnorth northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth
    southafricawest southcentralus southeastasia southindia spaincentral swedencentral swedensouth switzerlandnorth
    switzerlandwest uaecentral uaenorth uksouth ukwest usgovarizona usgovtexas usgovvirginia usdodcentral usdodeast westcentralus
    westeurope westindia westus westus2 westus3
    """.split()  # noqa: SIM905
)
"""Azure's regions."""

NAME_WORDS = frozenset({"microsoft", "default", "defaultv2", "privatelink", "models", "usages", "alllogs", "account"})
"""Words of names that are Azure's own."""

SUFFIXES = (
    "services.ai.azure.com", "openai.azure.com", "cognitiveservices.azure.com", "api.cognitive.microsoft.com", "ai.azure.com",
    "cognitive.microsoft.com", "azure-api.net", "azurewebsites.net", "azurefd.net", "trafficmanager.net", "cloudapp.azure.com",
    "blob.core.windows.net", "vault.azure.net", "openai.azure.us", "cognitiveservices.azure.us", "openai.azure.cn",
    "cognitiveservices.azure.cn", "azure.com", "azure.us", "azure.cn", "windows.net",
)  # fmt: skip
"""Ends of host names that are Azure's; the longest first of those that overlap."""

_FURTHER_TYPES = """
    microsoft.network/virtualnetworks/subnets microsoft.network/networkinterfaces microsoft.network/networksecurityperimeters
    microsoft.network/privateendpoints/privatelinkserviceconnections microsoft.network/loadbalancers
    microsoft.network/privateendpoints/manualprivatelinkserviceconnections microsoft.network/networksecuritygroups
    microsoft.network/privateendpoints/privatednszonegroups/privatednszoneconfigs microsoft.network/natgateways
    microsoft.network/firewallpolicies microsoft.network/azurefirewalls microsoft.network/applicationgateways
    microsoft.network/privatelinkservices microsoft.network/networksecurityperimeters/profiles
    microsoft.cognitiveservices/accounts/privateendpointconnections microsoft.cognitiveservices/accounts/projects
    microsoft.cognitiveservices/accounts/networksecurityperimeterconfigurations microsoft.cognitiveservices/deletedaccounts
    microsoft.storage/storageaccounts/blobservices/containers microsoft.eventhub/namespaces/authorizationrules
    microsoft.eventhub/namespaces/eventhubs microsoft.keyvault/vaults/keys microsoft.keyvault/vaults/secrets
    microsoft.managedidentity/userassignedidentities microsoft.management/managementgroups microsoft.insights/components
    microsoft.insights/actionrules microsoft.insights/webtests microsoft.resources/resourcegroups microsoft.web/sites
    microsoft.apimanagement/service microsoft.search/searchservices microsoft.machinelearningservices/workspaces
    microsoft.documentdb/databaseaccounts microsoft.cdn/profiles microsoft.compute/virtualmachines microsoft.logic/workflows
    microsoft.consumption/budgets microsoft.security/pricings microsoft.operationalinsights/workspaces/tables
"""
ID_WORDS = frozenset(
    word
    for name in (*RESOURCE_TYPES, *_FURTHER_TYPES.split())
    for word in name.lower().split("/")
) | {"subscriptions", "resourcegroups", "providers", "managementgroups", "locations", "planned"}  # fmt: skip
"""Segments (lower case) of an id that are no names: providers, types, keywords."""

_MODEL = re.compile(
    r"(?:gpt|o\d|chatgpt|whisper|tts|dall|text|davinci|babbage|codex|computer|sora|model|canary|mai|phi|deepseek|llama|mistral|grok|cohere"
    r"|azure)(?:-(?:\d{1,8}(?:\.\d{1,4})*[a-z]{0,2}|o\d{0,2}|mini|nano|pro|realtime|audio|transcribe|diarize|translate|whisper|live|tts|preview|turbo|instruct|chat|latest"
    r"|e|embedding|ada|small|large|use|router|image|oss|hd|speech|codex|max|v\d|r\d|research|deep|search|api|text|voice|base|\d+b))*",
    re.IGNORECASE,
)


def is_model(name: str) -> bool:
    """True for the name of a base model, made of the words that Azure makes such names of."""
    return _MODEL.fullmatch(name) is not None
