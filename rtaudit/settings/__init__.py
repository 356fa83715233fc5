"""Settings: the options of the commands, one row each, and `rtaudit.yaml`, which gives their values by environment."""
