"""pytest fixtures for boards: ``pytest suites/ --rig-board NAME``.

``rig_record``   one run on all boards asked for, made once a session for the claims that the chosen tests name
``rig_figures``  that run's measurements of the test's claim on the test's board
``rig_verdict``  its verdict on the test's claim on the test's board
``rig_bench``    a live bench firmware, for tests of your own; ``rig_board``, ``rig_agent`` and ``rig_setting`` with it

All names begin with ``rig``: other plugins have boards and targets too.

A test names its claim with ``@pytest.mark.rig_claim("message-size")`` (also for a whole module, by ``pytestmark``), and
what a board must be able to do with ``@pytest.mark.rig_needs("large-memory")``.
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

_RECORDS = pytest.StashKey["dict[str, RunRecord]"]()
_CLAIMS = pytest.StashKey[tuple[str, ...]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of ``rig run``."""
    group = parser.getgroup("rig", "micro-ROS SHM rig")
    group.addoption("--rig-board", action="append", default=[], metavar="NAME", help="board to test on (repeatable)")
    group.addoption("--rig-boards", default=None, metavar="FILE", help="inventory of boards; default: boards.yaml")
    group.addoption(
        "--rig-agent", choices=("builtin", "external", "none"), default="builtin", help="the Agent beside the board"
    )
    group.addoption(
        "--rig-run",
        default=None,
        metavar="RUN",
        help="judge this run (a directory, an id, or latest) instead of making one",
    )
    group.addoption(
        "--rig-thorough", action="store_true", help="all samples and conditions, not those of `rig run --quick`"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "rig_claim(id): the claim of the announcement that this test looks at")
    config.addinivalue_line(
        "markers", "rig_needs(capability, ...): what a board must be able to do, as boards.yaml says"
    )
    config.stash[_RECORDS] = {}
    config.stash[_CLAIMS] = ()
    if (made := config.getoption("--rig-run")) is not None:
        config.stash[_RECORDS][""] = _made(config, made)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a board once for each board asked for."""
    if "rig_board_spec" in metafunc.fixturenames:
        names = metafunc.config.getoption("--rig-board") or [""]
        metafunc.parametrize(
            "rig_board_spec", names, indirect=True, scope="session", ids=[n or "default" for n in names]
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which claims the chosen tests name: one run of the rig answers them all."""
    named = (mark.args[0] for item in session.items for mark in item.iter_markers("rig_claim"))
    session.config.stash[_CLAIMS] = tuple(dict.fromkeys(named))


def _boards_file(config: pytest.Config) -> Path:
    from rig.places import find_boards_file

    named = config.getoption("--rig-boards")
    return find_boards_file(Path(named) if named else None)


@pytest.fixture(scope="session")
def rig_board_spec(request: pytest.FixtureRequest) -> BoardSpec:
    """What the inventory says of the board."""
    from rig.errors import UsageError
    from rig.inventory import Inventory

    try:
        (spec,) = Inventory.load(_boards_file(request.config)).select([request.param] if request.param else [])
    except UsageError as error:
        raise pytest.UsageError(f"{error.message}\n{error.hint}".strip()) from error
    return spec


@pytest.fixture(autouse=True)
def _rig_needs(request: pytest.FixtureRequest) -> None:
    """Skip a test whose board lacks a capability, and say which."""
    wanted = {name for mark in request.node.iter_markers("rig_needs") for name in mark.args}
    if wanted and "rig_board_spec" in request.fixturenames:
        spec: BoardSpec = request.getfixturevalue("rig_board_spec")
        if missing := wanted - spec.capabilities:
            pytest.skip(f"board {spec.name} lacks {', '.join(sorted(missing))}")


@pytest.fixture
def rig_record(request: pytest.FixtureRequest, rig_board_spec: BoardSpec) -> RunRecord:
    """One run of the rig on the boards of this session, with its report below ``reports/runs/``; or ``--rig-run``.

    The processes of ``pytest -n`` share it. A test that is run again (pytest-rerunfailures) gets a run of its claim and
    board that was made since.
    """
    config = request.config
    again = getattr(request.node, "execution_count", 1) - 1
    if config.getoption("--rig-run") is not None:
        again = 0  # somebody else's run cannot be made anew
    boards = tuple(dict.fromkeys(config.getoption("--rig-board"))) or (rig_board_spec.name,)
    claims = config.stash[_CLAIMS]
    key = ""
    if again:
        boards, claims = (rig_board_spec.name,), (_claim_of(request),)
        key = f"{boards[0]}-{claims[0]}-{request.node.name}-{again}"
    records = config.stash[_RECORDS]
    if key not in records:
        records[key] = _make_or_share(config, key, boards, claims)
    return records[key]


def _make_or_share(config: pytest.Config, key: str, boards: tuple[str, ...], claims: tuple[str, ...]) -> RunRecord:
    """Make the run; with ``-n`` in the process that asks first."""
    from rig.publish import publish
    from rig.run import RunOptions, check_claims, check_directory, execute, new_run_id, runs_directory, share_run

    def make() -> tuple[RunRecord, Path]:
        run_id = new_run_id()
        options = RunOptions(
            boards_file=_boards_file(config),
            boards=boards,
            claims=check_claims(claims),
            agent=config.getoption("--rig-agent"),
            quick=not config.getoption("--rig-thorough"),
            directory=check_directory(runs_directory() / run_id),
            command=f"pytest suites {' '.join(f'--rig-board {name}' for name in boards)}",
        )
        record = execute(options, run_id=run_id)
        publish(record, options.directory)
        return record, options.directory

    session = getattr(config, "workerinput", {}).get("testrunuid")  # pytest-xdist's, the same in all its processes
    return share_run(f"{session}-{key}", make) if session is not None else make()[0]


def _made(config: pytest.Config, run: str) -> RunRecord:
    """A run that was made before, if the boards of this session took part in it."""
    from rig.errors import UsageError
    from rig.inventory import Inventory
    from rig.records import load
    from rig.run import find_run

    try:
        record = load(find_run(run))
        for spec in Inventory.load(_boards_file(config)).select(config.getoption("--rig-board")):
            record.check_board(spec.name)
    except UsageError as error:
        raise pytest.UsageError(f"{error.message}\n{error.hint}".strip()) from error
    return record


def _claim_of(request: pytest.FixtureRequest) -> str:
    mark = request.node.get_closest_marker("rig_claim")
    if mark is None:
        raise pytest.UsageError(f'{request.node.nodeid}: name its claim with @pytest.mark.rig_claim("...")')
    return str(mark.args[0])


@pytest.fixture
def rig_verdict(request: pytest.FixtureRequest, rig_board_spec: BoardSpec, rig_record: RunRecord) -> ClaimResult:
    """The verdict on this test's claim; a claim that was not run skips the test, with the reason."""
    from rig.records import Verdict

    id = _claim_of(request)
    (result,) = (claim for claim in rig_record.claims if (claim.id, claim.board) == (id, rig_board_spec.name))
    if result.verdict is Verdict.NOT_RUN:
        pytest.skip(result.reason)
    return result


@pytest.fixture
def rig_figures(request: pytest.FixtureRequest, rig_board_spec: BoardSpec, rig_record: RunRecord) -> Figures:
    """The measurements of this test's claim."""
    from rig.claims import CLAIMS, Figures

    experiment = CLAIMS[_claim_of(request)].experiment
    own = [m for m in rig_record.measurements if (m.experiment, m.board) == (experiment, rig_board_spec.name)]
    if not own:
        pytest.skip(
            next((f.message for f in rig_record.faults if f.board == rig_board_spec.name), "nothing was measured")
        )
    return Figures(own)


@pytest.fixture
def rig_station(request: pytest.FixtureRequest, rig_board_spec: BoardSpec, tmp_path: Path) -> Iterator[Station]:
    """The board, leased and powered, with its tapped link and Agent; nothing flashed yet."""
    from rig.station import Station

    with Station(rig_board_spec, agent=request.config.getoption("--rig-agent"), directory=tmp_path) as station:
        yield station


@pytest.fixture
def rig_variant() -> str:
    """The firmware to run; a test chooses with ``@pytest.mark.parametrize("rig_variant", ("shm", "network"))``."""
    return "shm"


@pytest.fixture
def rig_setting(rig_station: Station, rig_variant: str) -> Setting:
    """The board with its bench firmware running."""
    if rig_variant not in rig_station.images:
        pytest.skip(f"board {rig_station.spec.name} has no {rig_variant} firmware")
    return rig_station.prepare(rig_variant)


@pytest.fixture
def rig_bench(rig_setting: Setting) -> Bench:
    """The bench firmware."""
    return rig_setting.bench


@pytest.fixture
def rig_board(rig_station: Station, rig_setting: Setting) -> Board:
    """The board under the bench firmware: memory, console, probe."""
    assert rig_setting.board == rig_station.spec.name
    return rig_station.board


@pytest.fixture
def rig_agent(rig_setting: Setting) -> Link:
    """The tapped link to the Agent: count, cut, pace."""
    if rig_setting.link is None:
        pytest.skip("no Agent takes part (--rig-agent none)")
    return rig_setting.link
