"""Azure Resource Manager on loopback: any snapshots, served as Azure would, with faults on demand.

Standard library only. A snapshot is the estate; there is no second format.
"""

from rtaudit.simulate.arm import ArmRequest
from rtaudit.simulate.simulator import IDENTITY_HEADER, Simulator

__all__ = ["IDENTITY_HEADER", "ArmRequest", "Simulator"]
