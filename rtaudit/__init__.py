"""Readiness and drift auditor for the Azure OpenAI Realtime API: collect, check, diff, render."""

__version__ = "0.1.0"
