"""Plugins for other tools: pytest and Robot Framework. They are thin: they have no logic of their own."""
