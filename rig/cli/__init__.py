"""The command line: thin. Options in, calls into the rooms to the left, words and exit codes out.

Exit codes: 0 every claim that ran is confirmed (or the command did its work); 1 a claim is refuted (``compare``: exact
figures differ); 2 usage or configuration; 3 rig, board, probe or Agent fault; 4 inconclusive; 130 interrupted.
"""

from rig.cli._main import main

__all__ = ["main"]
