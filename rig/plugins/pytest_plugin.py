"""pytest fixtures for boards: ``pytest suites/ --board NAME``.

``record``   one run of the rig on all boards asked for, made once a session for the claims that collected tests name
``figures``  that run's measurements of the test's claim on the test's board
``verdict``  its verdict on the test's claim on the test's board
``bench``    a live bench firmware, for tests of your own; ``board``, ``agent`` and ``setting`` belong to it

A test names its claim with ``@pytest.mark.claim("message-size")`` (also for a whole module, by ``pytestmark``), and
what a board must be able to do with ``@pytest.mark.needs("large-memory")``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the plugin is loaded by every pytest of this environment: it must cost nothing until it is used
    from rig.bench import Bench
    from rig.board import Board
    from rig.claims import Figures
    from rig.inventory import BoardSpec
    from rig.records import ClaimResult, RunRecord
    from rig.station import Link, Setting, Station

_RECORD = pytest.StashKey["RunRecord | None"]()
_CLAIMS = pytest.StashKey[tuple[str, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of ``rig run``."""
    group = parser.getgroup("rig", "micro-ROS SHM rig")
    group.addoption("--board", action="append", default=[], metavar="NAME", help="board to test on (repeatable)")
    group.addoption("--boards", default=None, metavar="FILE", help="inventory of boards; default: boards.yaml")
    group.addoption(
        "--agent", choices=("builtin", "external", "none"), default="builtin", help="the Agent beside the board"
    )
    group.addoption(
        "--rig-run",
        default=None,
        metavar="RUN",
        help="judge this run (a directory, an id, or latest) instead of making one",
    )
    group.addoption("--thorough", action="store_true", help="all samples and conditions, not those of --quick")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "claim(id): the claim of the announcement that this test looks at")
    config.addinivalue_line("markers", "needs(capability, ...): what a board must be able to do, as boards.yaml says")
    config.stash[_RECORD] = None
    config.stash[_CLAIMS] = ()
    if (made := config.getoption("--rig-run")) is not None:
        config.stash[_RECORD] = _made(config, made)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a board once for each board asked for."""
    if "board_spec" in metafunc.fixturenames:
        names = metafunc.config.getoption("--board") or [""]
        metafunc.parametrize("board_spec", names, indirect=True, scope="session", ids=[n or "default" for n in names])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which claims the collected tests name: one run of the rig answers them all."""
    named = (mark.args[0] for item in items for mark in item.iter_markers("claim"))
    config.stash[_CLAIMS] = tuple(dict.fromkeys(named))


def _boards_file(config: pytest.Config) -> Path:
    from rig.places import find_boards_file

    named = config.getoption("--boards")
    return find_boards_file(Path(named) if named else None)


@pytest.fixture(scope="session")
def board_spec(request: pytest.FixtureRequest) -> BoardSpec:
    """What the inventory says of the board."""
    from rig.errors import UsageError
    from rig.inventory import Inventory

    try:
        (spec,) = Inventory.load(_boards_file(request.config)).select([request.param] if request.param else [])
    except UsageError as error:
        raise pytest.UsageError(f"{error.message}\n{error.hint}".strip()) from error
    return spec


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    """Skip a test whose board lacks a capability, and say which."""
    wanted = {name for mark in request.node.iter_markers("needs") for name in mark.args}
    if wanted and "board_spec" in request.fixturenames:
        spec: BoardSpec = request.getfixturevalue("board_spec")
        if missing := wanted - spec.capabilities:
            pytest.skip(f"board {spec.name} lacks {', '.join(sorted(missing))}")


@pytest.fixture
def record(request: pytest.FixtureRequest, board_spec: BoardSpec) -> RunRecord:
    """One run of the rig on the boards of this session, with its report below ``reports/runs/``; or ``--rig-run``."""
    from rig.publish import publish
    from rig.run import RunOptions, check_claims, check_directory, execute, new_run_id, runs_directory

    config = request.config
    record = config.stash[_RECORD]
    if record is None:
        run_id = new_run_id()
        boards = tuple(dict.fromkeys(config.getoption("--board"))) or (board_spec.name,)
        named: tuple[str, ...] = config.stash[_CLAIMS]
        options = RunOptions(
            boards_file=_boards_file(config),
            boards=boards,
            claims=check_claims(named),
            agent=config.getoption("--agent"),
            quick=not config.getoption("--thorough"),
            directory=check_directory(runs_directory() / run_id),
            command=f"pytest suites {' '.join(f'--board {name}' for name in boards)}",
        )
        record = config.stash[_RECORD] = execute(options, run_id=run_id)
        publish(record, options.directory)
    return record


def _made(config: pytest.Config, run: str) -> RunRecord:
    """A run that was made before, if the boards of this session took part in it."""
    from rig.errors import UsageError
    from rig.inventory import Inventory
    from rig.records import load
    from rig.run import find_run

    try:
        record = load(find_run(run))
        for spec in Inventory.load(_boards_file(config)).select(config.getoption("--board")):
            record.check_board(spec.name)
    except UsageError as error:
        raise pytest.UsageError(f"{error.message}\n{error.hint}".strip()) from error
    return record


def _claim_of(request: pytest.FixtureRequest) -> str:
    mark = request.node.get_closest_marker("claim")
    if mark is None:
        raise pytest.UsageError(f'{request.node.nodeid}: name its claim with @pytest.mark.claim("...")')
    return str(mark.args[0])


@pytest.fixture
def verdict(request: pytest.FixtureRequest, board_spec: BoardSpec, record: RunRecord) -> ClaimResult:
    """The verdict on this test's claim; a claim that was not run skips the test, with the reason."""
    from rig.records import Verdict

    id = _claim_of(request)
    (result,) = (claim for claim in record.claims if (claim.id, claim.board) == (id, board_spec.name))
    if result.verdict is Verdict.NOT_RUN:
        pytest.skip(result.reason)
    return result


@pytest.fixture
def figures(request: pytest.FixtureRequest, board_spec: BoardSpec, record: RunRecord) -> Figures:
    """The measurements of this test's claim."""
    from rig.claims import CLAIMS, Figures

    experiment = CLAIMS[_claim_of(request)].experiment
    own = [m for m in record.measurements if (m.experiment, m.board) == (experiment, board_spec.name)]
    if not own:
        pytest.skip(next((f.message for f in record.faults if f.board == board_spec.name), "nothing was measured"))
    return Figures(own)


@pytest.fixture
def station(request: pytest.FixtureRequest, board_spec: BoardSpec, tmp_path: Path) -> Iterator[Station]:
    """The board, leased and powered, with its tapped link and Agent; nothing flashed yet."""
    from rig.station import Station

    with Station(board_spec, agent=request.config.getoption("--agent"), directory=tmp_path) as station:
        yield station


@pytest.fixture
def variant() -> str:
    """The firmware to run; a test chooses with ``@pytest.mark.parametrize("variant", ("shm", "network"))``."""
    return "shm"


@pytest.fixture
def setting(station: Station, variant: str) -> Setting:
    """The board with its bench firmware running."""
    if variant not in station.images:
        pytest.skip(f"board {station.spec.name} has no {variant} firmware")
    return station.prepare(variant)


@pytest.fixture
def bench(setting: Setting) -> Bench:
    """The bench firmware."""
    return setting.bench


@pytest.fixture
def board(station: Station, setting: Setting) -> Board:
    """The board under the bench firmware: memory, console, probe."""
    assert setting.board == station.spec.name
    return station.board


@pytest.fixture
def agent(setting: Setting) -> Link:
    """The tapped link to the Agent: count, cut, pace."""
    if setting.link is None:
        pytest.skip("no Agent takes part (--agent none)")
    return setting.link
