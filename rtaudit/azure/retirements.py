"""Retirements: gives the dates of Microsoft's page for models that a region's catalogue does not list."""

from __future__ import annotations

PAGE_OF = "2026-09-02"
"""The day of the page. Source: Microsoft's "Model deprecations and retirements" of the audio models."""

_DATES: dict[str, tuple[str, ...]] = {
    "gpt-realtime@2025-08-28": ("2027-03-02",),
    "gpt-realtime-1.5@2026-02-23": ("2027-08-24",),
    "gpt-realtime-2@2026-05-06": ("2026-08-31",),
    "gpt-realtime-2.1@2026-07-07": ("2027-06-25",),
    "gpt-realtime-2.1-mini@2026-07-07": ("2027-06-25",),
    "gpt-realtime-mini@2025-10-06": ("2026-09-21", "2027-04-06"),
    "gpt-realtime-mini@2025-12-15": ("2026-12-15", "2027-06-15"),
}
"""Model and version -> its retirement dates there; the page names some twice. Those that it names no more have none."""

_GONE = ("gpt-4o-realtime-preview", "gpt-4o-mini-realtime-preview")


def page_says(model_and_version: str) -> str | None:
    """What the page says of a model, in words: its dates there, or that it is gone; None for one that it is not known to treat.

    The last resort, and no ground for a verdict: the catalogue of the region decides, and the two disagree by months.
    """
    named = model_and_version.lower()
    if named in _DATES:
        return f"Microsoft's page of {PAGE_OF}: {' or '.join(_DATES[named])}"
    if named.partition("@")[0] in _GONE:
        return f"none on Microsoft's page of {PAGE_OF}"
    return None
