"""Plugins for other tools: pytest and Robot Framework. Thin: no logic of their own."""
