"""``rig bench``: the benchmarks of a checkout."""

from __future__ import annotations

import subprocess
import sys

import click

from rig.errors import UsageError
from rig.places import checkout


@click.command("bench", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench_command(name: str | None, arguments: tuple[str, ...]) -> int:
    """Run a benchmark of the rig itself; without a NAME, list them. What follows NAME goes to the benchmark."""
    root = checkout()
    if root is None:
        raise UsageError(
            "the benchmarks are part of a checkout, and this rig is installed",
            hint="clone the project, ./bootstrap, and run it there",
        )
    names = sorted(p.stem for p in (root / "benchmarks").glob("*.py") if not p.stem.startswith("_"))
    if name in (None, "--help", "-h"):
        click.echo("rig bench NAME [OPTIONS]; NAME is one of:")
        for known in names:
            click.echo(f"  {known}")
        return 0
    if name not in names:
        raise UsageError(f"no benchmark is called {name!r}", hint=f"there are: {', '.join(names)}")
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=root, check=False).returncode
