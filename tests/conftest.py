"""What the tests of all rooms stand on."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rig_process import Finished

# A shell starts its background jobs with Ctrl-C ignored, nohup those with SIGHUP ignored, and children inherit that:
# tests that send one would wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Runs that are not about the search do not wait for it.
os.environ.setdefault("RIG_SEARCH_SECONDS", "2")


@pytest.fixture(scope="module")  # not longer: modules of other rooms run in between, in this process
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory of our own, so that other boards of this host neither see nor disturb the tests."""
    directory = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RIG_STATE_DIR", str(directory))
        yield directory


# Rooms whose tests wait long for boards come first, so that none of them is left alone on one worker at the end.
LONG = ("matrix", "run", "cli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the rooms; within a room the order stays."""

    def rank(item: pytest.Item) -> int:
        room = item.path.parent.name
        return LONG.index(room) if room in LONG else len(LONG)

    items.sort(key=rank)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run a command that starts nothing in this process: the same border, without a second for a new interpreter."""
    from rig.cli._main import run as run_command

    def run(*arguments: str, cwd: Path) -> Finished:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["rig", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        code = run_command()
        shown = capsys.readouterr()
        return Finished(code, shown.out, shown.err)

    return run
