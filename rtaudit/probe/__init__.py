"""The live probe: name, connection, TLS, HTTP, and a realtime session opened and closed. No audio, no response asked for, no key.

The only package besides collect that sends a token, and the only one that sends it to the data plane: to hosts of Azure OpenAI
alone, to loopback, or to one that was named with that intent.
"""

from rtaudit.probe.run import ProbeOptions, probe
from rtaudit.probe.target import ProbeTarget, check_host, choose_target, from_contract, from_endpoint, from_snapshot

__all__ = [
    "ProbeOptions",
    "ProbeTarget",
    "check_host",
    "choose_target",
    "from_contract",
    "from_endpoint",
    "from_snapshot",
    "probe",
]
