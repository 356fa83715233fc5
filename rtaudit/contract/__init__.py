"""The client's side: its contract, what its source says, and what a probe saw. Pure: files in, values out."""

from rtaudit.contract.load import load_contract, parse_contract
from rtaudit.contract.schema import CONTRACT, CONTRACT_SCHEMA

__all__ = ["CONTRACT", "CONTRACT_SCHEMA", "load_contract", "parse_contract"]
