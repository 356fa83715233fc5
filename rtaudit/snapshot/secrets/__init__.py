"""Secrets: cut out of everything that is written, logged or shown.

The one catalogue: `names` says which fields hold a secret, `shapes` what a secret looks like wherever it is. Every
output goes through `cut_secrets` (a resource, a document) or `scrub` (a message, a log line, a line of source).
Azure Resource Manager returns a few secrets even to a Reader (an account's `migrationToken`, its `apiProperties`), and
people put secrets into tags. Identifiers stay: GUIDs, digests, etags, `internalId` (which SIP addresses need).
"""

from rtaudit.snapshot.secrets.cut import cut_secrets
from rtaudit.snapshot.secrets.names import names_secret
from rtaudit.snapshot.secrets.shapes import MASK, scrub

__all__ = ["MASK", "cut_secrets", "names_secret", "scrub"]
