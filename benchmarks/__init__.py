"""Benchmarks: counts, or ratios within one run. Each module runs by itself: ``python -m benchmarks.agent_udp``.

Every one prints a table and, as its last line, the same figures as JSON; all are bounded in count and time and use
loopback only. A duration by itself says something about the machine it was taken on, and is never an aim.
"""
