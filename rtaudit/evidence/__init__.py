"""Evidence: bundles that are written beside a report and verified later."""
