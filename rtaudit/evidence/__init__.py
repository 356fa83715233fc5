"""Evidence bundles: written beside a report, verified later."""
