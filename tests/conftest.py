"""What the tests of all rooms stand on."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from rig_process import Finished

# A shell starts its background jobs with Ctrl-C ignored, nohup those with SIGHUP ignored, and children inherit that:
# tests that send one would wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy host is no failure of what is tested.
settings.register_profile("rig", deadline=None)
settings.load_profile("rig")

# Runs that are not about the search do not wait for it.
os.environ.setdefault("RIG_SEARCH_SECONDS", "2")


@pytest.fixture(scope="module")  # not longer: modules of other rooms run in between, in this process
def state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory of our own, so that other boards of this host neither see nor disturb the tests."""
    directory = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RIG_STATE_DIR", str(directory))
        yield directory


# Files that take longest come first, the longest at the head: none of them is left alone on one worker at the end.
LONG = (
    "matrix/test_matrix_defects.py",
    "run/test_run_faults.py",
    "shelf/test_shelf_places.py",
    "cli/test_cli_figures.py",
    "matrix/test_matrix_soak.py",
    "cli/test_cli_run.py",
    "cli/test_cli_border.py",
    "cli/test_cli_usage.py",
    "search/test_search_on_firmware.py",
    "cli/test_cli_parallel.py",
    "publish/test_publish_html.py",
    "benchmarks/test_benchmarks_run.py",
    "shelf/test_shelf_export.py",
    "experiments/test_experiments_copies.py",
    "test_wheel.py",
    "cli/test_cli_resume.py",
    "firmware/test_firmware_preemption.py",
    "probe/test_probe_pyocd_tools.py",
    "plugins/test_plugins_made_run.py",
    "plugins/test_plugins_shared_run.py",
    "examples/test_examples.py",
    "firmware/test_firmware_sections.py",
    "firmware/test_firmware_defects.py",
    "porting/test_porting_new.py",
)
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files; within a file the order stays."""
    places = {TESTS / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Run a command that starts nothing in this process: the same border, without a second for a new interpreter."""
    from rig.cli._main import run as run_command

    def run(*arguments: str, cwd: Path, **environment: str) -> Finished:
        monkeypatch.chdir(cwd)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["rig", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        code = run_command()
        shown = capsys.readouterr()
        return Finished(code, shown.out, shown.err)

    return run
