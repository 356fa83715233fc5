"""HTML: reports and drifts for people, as one file that needs no network."""

from rtaudit.render.html.drift import render as render_drift
from rtaudit.render.html.report import render

__all__ = ["render", "render_drift"]
