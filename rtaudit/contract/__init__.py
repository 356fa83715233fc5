"""Contracts: what a client of the Realtime API needs, and what a probe saw. Files in, values out; no network."""

from rtaudit.contract.load import load_contract, parse_contract
from rtaudit.contract.schema import CONTRACT, CONTRACT_SCHEMA

__all__ = ["CONTRACT", "CONTRACT_SCHEMA", "load_contract", "parse_contract"]
