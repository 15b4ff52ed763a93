"""The pytest plugin of the rig."""
