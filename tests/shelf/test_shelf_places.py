"""Places through a real labgrid coordinator and exporter on loopback: two emulated boards behind probe servers."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from labgrid_lab import Lab
from own_sshd import Sshd
from rig_process import Finished

from rig.board import open_board
from rig.coordinator import Guardian, list_places, take_place
from rig.errors import EnvironmentFault, LeaseFault
from rig.inventory import Inventory, PlaceSpec
from rig.probe import REMOTE, lease_remote
from rig.records import RunRecord, load
from rig.run import RunOptions, choose, execute
from rig.shelf import Shelf

pytestmark = [pytest.mark.qemu, pytest.mark.firmware, pytest.mark.timeout(300)]

PLACES = ("left", "right")
GIVEN_BACK_SECONDS = 10
LONG = "os-overhead"
"""A claim that keeps a board at work for longer than a coordinator needs to restart."""


class Relay(ThreadingHTTPServer):
    """A power switch that labgrid's driver `simplerest` speaks to; ``seen``: the paths asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        seen: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = seen


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with Relay() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def lab(project_root: Path, relay: Relay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    (microbit,) = Inventory.load(project_root / "boards.yaml").select(["microbit"])
    power: dict[str, object] = {
        "cls": "NetworkPowerPort",
        "model": "simplerest",
        "host": f"http://127.0.0.1:{relay.server_port}/{{index}}/{{value}}",
        "index": 1,
    }
    with (
        Shelf([replace(microbit, name=name) for name in PLACES], lines=True) as shelf,
        Lab(tmp_path_factory.mktemp("lab"), shelf.boards, {"power": power}) as lab,
    ):
        yield lab
        assert shelf.ended() is None


@pytest.fixture(scope="module")
def own(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same board, on this host."""
    file = tmp_path_factory.mktemp("own") / "boards.yaml"
    board = "kind: emulated, machine: microbit, firmware: {preset: microbit}, link: {transport: serial}"
    file.write_text(f"version: 1\ndefault: left\nboards:\n  left: {{{board}}}\n")
    return file


@pytest.fixture(scope="module")
def file(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One board for each place, and two for any of them."""
    common = (
        "kind: place, machine: microbit, capabilities: [shm], firmware: {preset: microbit}, link: {transport: serial}"
    )
    entries = [f"  {name}: {{{common}, place: {name}}}" for name in PLACES]
    entries += [f"  {name}: {{{common}, match: {{board: microbit}}}}" for name in ("any", "other")]
    entries += [f"  switched: {{{common}, place: left, power: {{labgrid: power, settle: 0}}}}"]
    file = tmp_path_factory.mktemp("far") / "boards.yaml"
    head = f'version: 1\ndefault: left\nshelf: {{coordinator: "{lab.address}"}}\nboards:\n'
    file.write_text(head + "\n".join(entries) + "\n", encoding="utf-8")
    return file


def wanted(lab: Lab, **tags: str) -> PlaceSpec:
    return PlaceSpec(coordinator=lab.address, tags=tags)


def wait_for(what: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.1)


class Rig:
    """``rig run`` in a process of its own."""

    def __init__(self, file: Path, board: str, out: Path, *more: str) -> None:
        words = ["run", "--boards", str(file), "--board", board, "--quick", "--out", str(out), *more]
        environment = os.environ | {"RIG_HISTORY": "off"}
        command = [sys.executable, "-m", "rig.cli", *words]
        self.out, self.said = out, out.with_suffix(".said")
        with self.said.open("w") as said:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)

    def wait_for(self, words: str) -> None:
        journal = self.out / "events.jsonl"
        wait_for(lambda: journal.exists() and words in journal.read_text(encoding="utf-8"), 120)

    def helper(self) -> psutil.Process:
        (found,) = helpers_of(self.process.pid)
        return found

    def end(self) -> RunRecord:
        self.process.wait(250)
        return load(self.out)


def helpers_of(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if "_helper.py" in " ".join(child.cmdline())]


@contextlib.contextmanager
def suspended(process: psutil.Process) -> Iterator[Callable[[], None]]:
    """It stands still until the function that this gives is called, and never longer than the block."""
    process.suspend()
    try:
        yield process.resume
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


def used(run: Path) -> tuple[float, float]:
    """From when to when a run used its board, in seconds."""
    record, seconds = load(run), [0.0, 0.0]
    for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["kind"] == "finished":
            begin = event["seconds"] - event["took"]
            seconds = [min(seconds[0] or begin, begin), event["seconds"]]
    start = datetime.fromisoformat(record.run.started).timestamp()
    return start + seconds[0], start + seconds[1]


def exact(record: RunRecord) -> dict[object, object]:
    """Figures that repeat to the last digit."""
    return {
        (m.variant, m.experiment, m.metric, tuple(m.conditions.items())): m.samples
        for m in record.measurements
        if m.exact
    }


def run(file: Path, directory: Path) -> RunRecord:
    directory.mkdir()
    options = RunOptions(boards_file=file, boards=("left",), claims=("footprint",), quick=True, directory=directory)
    return execute(options, run_id=directory.name)


def test_two_rigs_compete_for_one_place(lab: Lab, file: Path, own: Path, tmp_path: Path) -> None:
    first = Rig(file, "left", tmp_path / "first", "--claims", "footprint")
    wait_for(lambda: not lab.place("left").free, 60)
    second = Rig(file, "left", tmp_path / "second", "--claims", "footprint", "--wait", "200")
    refused = run(file, tmp_path / "refused")
    assert (refused.run.outcome, refused.faults[0].blame) == ("fault", "lease")
    assert re.match("place left is held by .+ since 20", refused.faults[0].message), "the holder is named"
    direct = exact(run(own, tmp_path / "direct"))
    records = [first.end(), second.end()]
    assert [record.run.outcome for record in records] == ["passed", "passed"]
    assert records[0].boards[0].kind == "emulated" and records[0].boards[0].probe.endswith(" at place left")
    assert used(first.out)[1] < used(second.out)[0], "one after the other"
    assert direct and direct == exact(records[0]) == exact(records[1]), "as on this host, to the last digit"
    assert lab.place("left").free


def test_the_place_of_a_killed_rig_is_free_in_seconds(lab: Lab, file: Path, tmp_path: Path) -> None:
    killed = Rig(file, "left", tmp_path / "killed", "--claims", LONG)
    killed.wait_for("shm: flash and boot")
    assert str(killed.process.pid) in lab.place("left").holder
    killed.process.kill()
    begin = time.monotonic()
    wait_for(lambda: lab.place("left").free, GIVEN_BACK_SECONDS)
    assert time.monotonic() - begin < GIVEN_BACK_SECONDS
    with take_place(wanted(lab, name="left")) as held, lease_remote(f"{REMOTE}{held.probe}"):
        assert held.name == "left", "its board can be used at once as well"


def test_a_place_whose_helper_was_killed_too_is_given_back_by_the_next(lab: Lab) -> None:
    others = set(helpers_of(os.getpid()))
    with Guardian(lab.address) as guardian:
        guardian.take(wanted(lab, name="left"), timeout=0)
        for helper in set(helpers_of(os.getpid())) - others:
            helper.kill()
        wait_for(lambda: guardian.why_lost is not None, 10)
    assert guardian.owner == lab.place("left").holder, "nobody has told the coordinator"
    with take_place(wanted(lab, name="right")):
        assert lab.place("left").free


def test_a_coordinator_that_restarts_in_mid_run(lab: Lab, file: Path, tmp_path: Path) -> None:
    run = Rig(file, "left", tmp_path / "long", "--claims", LONG)
    run.wait_for("shm: flash and boot")

    def wait_and_take() -> float:
        with take_place(wanted(lab, name="left"), timeout=200) as held, lease_remote(f"{REMOTE}{held.probe}"):
            return time.time()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_and_take)
        wait_for(lambda: "waiting" in lab.client("reservations"), 10)
        lab.restart()
        wait_for(lambda: str(run.process.pid) in lab.place("left").holder, 30)
        assert run.process.poll() is None, "it is still at work"
        begin = waiting.result()
    assert run.end().run.outcome == "passed"
    assert used(run.out)[1] < begin, "never two at once"


def test_a_place_that_another_one_took_while_the_coordinator_restarted(
    lab: Lab, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Rig(file, "left", tmp_path / "long", "--claims", LONG)
    run.wait_for("shm: flash and boot")
    with suspended(run.helper()) as resume:  # it is slower than the other one
        lab.restart()
        monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path))  # another host, which does not see this one's leases
        with take_place(wanted(lab, name="left")) as held:
            uid = f"{REMOTE}{held.probe}"
            with pytest.raises(LeaseFault, match=f"in use by process {run.process.pid} "), lease_remote(uid):
                pass
            resume()
            record = run.end()
            assert run.process.returncode == 3
            assert any("the labgrid coordinator was restarted, and now" in fault.message for fault in record.faults)
            assert lab.place("left").holder == held.owner
            with lease_remote(uid, timeout=10):
                pass


def test_ctrl_c_while_the_coordinator_is_gone(lab: Lab, file: Path, tmp_path: Path) -> None:
    run = Rig(file, "left", tmp_path / "long", "--claims", LONG)
    run.wait_for("shm: flash and boot")
    lab.stop_coordinator()
    try:
        wait_for(lambda: "has gone; the run goes on" in run.said.read_text(), 30)
        run.process.send_signal(signal.SIGINT)
        assert run.end().run.outcome == "interrupted" and run.process.returncode == 130
        assert "the place could not be given back" in run.said.read_text()
    finally:
        lab.start()
    assert not lab.place("left").holder, "a coordinator that was started anew knows of nobody"


def test_a_hundred_leases_and_none_is_lost(lab: Lab) -> None:
    at_work: Counter[str] = Counter()
    served: Counter[str] = Counter()
    shared: list[str] = []
    lock = threading.Lock()

    def lease_often() -> None:
        with Guardian(lab.address) as guardian:
            for _ in range(25):
                held = guardian.take(wanted(lab, board="microbit"), timeout=60)
                with lock:
                    at_work[held.name] += 1
                    served[held.name] += 1
                    shared.extend([held.name] if at_work[held.name] > 1 else [])
                with lock:
                    at_work[held.name] -= 1
                guardian.release()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(lease_often) for _ in range(4)]:
            done.result()
    assert served.total() == 100 and set(served) == set(PLACES)
    assert not shared, "never two at once"
    assert all(place.free for place in lab.places())
    assert lab.client("reservations") == ""


def test_power_by_labgrid(file: Path, relay: Relay) -> None:
    (spec,) = Inventory.load(file).select(["switched"])
    with open_board(spec) as board:
        assert (board.spec.kind, board.identity.core) == ("emulated", "cortex-m0")
        before = len(relay.seen)
        board.power_cycle()
        assert relay.seen[before:] == ["/1/0", "/1/1"], "off, on"
        assert [(done.name, done.code) for done in board.commands] == [("power off", 0), ("power on", 0)]


def test_a_place_of_another_host_is_reached_by_labgrids_ssh_forwards(
    lab: Lab, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sshd(tmp_path) as server, lab.far("right"):
        # The key must be known before: labgrid asks nobody.
        kind, key, *_ = (tmp_path / "host.pub").read_text().split()
        (tmp_path / "known").write_text(f"[127.0.0.1]:{server.port} {kind} {key}\n")
        config = "\n".join(["HostName=127.0.0.1", *server.options])
        (tmp_path / "config").write_text(config)
        ssh = tmp_path / "bin" / "ssh"
        ssh.parent.mkdir()
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {tmp_path}/config "$@"\n')
        ssh.chmod(0o755)
        monkeypatch.setenv("PATH", f"{ssh.parent}{os.pathsep}{os.environ['PATH']}")
        (spec,) = Inventory.load(file).select(["right"])
        far = replace(spec, place=wanted(lab, name="far"))
        wait_for(lambda: not lab.place("far").missing, 30)
        with open_board(far) as board:
            assert board.spec.probe is not None
            assert board.spec.probe.uid.startswith("remote:localhost:"), "the near end of a forward"
            assert board.spec.probe.uid != f"remote:localhost:{lab.boards[1].probe_port}"
            assert board.identity.core == "cortex-m0"
        assert lab.place("far").free


def test_free_boards_are_chosen_among_places(lab: Lab, file: Path) -> None:
    inventory = Inventory.load(file)
    with take_place(wanted(lab, name="left")) as held:
        choice = choose(inventory, capabilities=["shm"])
        assert choice.names == ("right",)
        who = f"place left is held by {held.owner} since {lab.place('left').since}"
        assert choice.left_out[:2] == (f"left: {who}", f"any: {who}; place right goes to right")
        with pytest.raises(LeaseFault, match="2 boards with shm are asked for, and 1 of 5 are free"):
            choose(inventory, capabilities=["shm"], count=2)
    assert choose(inventory, capabilities=["shm"], count=2).names == ("left", "right")


def test_what_is_told_of_places(lab: Lab, file: Path, here: Callable[..., Finished], tmp_path: Path) -> None:
    def rig(*words: str) -> tuple[int, str]:
        done = here(*words, "--boards", str(file), cwd=tmp_path)
        return done.code, " ".join(done.out.split())

    lab.client("-p", "left", "acquire")
    try:
        code, said = rig("doctor", "--board", "left")
        assert code == 3 and "x place name=left: place left is held by elsewhere/somebody since 20" in said
        code, said = rig("doctor", "--board", "any")
        assert code == 0, said
        assert "- place board=microbit: place left is held by" in said, "the other place will do"
        assert "+ place board=microbit: place right is free" in said and "+ core: cortex-m0 behind" in said
        assert "there and free, 115200 baud" in said
        code, said = rig("boards")
        assert code == 0 and "place left is held by elsewhere/somebody since 20" in said
    finally:
        lab.client("-p", "left", "release")
    nowhere = tmp_path / "nowhere.yaml"
    lab.client("-p", "bare", "create")
    try:
        nowhere.write_text(file.read_text().replace("place: right", "place: bare"))
        done = here("boards", "--boards", str(nowhere), cwd=tmp_path)
        assert "place bare offers no probe and no line" in " ".join(done.out.split()) and done.code == 0
        done = here("doctor", "--boards", str(nowhere), "--board", "right", cwd=tmp_path)
        assert done.code == 3 and "x place name=bare: place bare offers no probe and no line" in done.out
    finally:
        lab.client("-p", "bare", "delete")
    nowhere.write_text(file.read_text().replace("place: right", "place: nowhere"))
    done = here("doctor", "--boards", str(nowhere), "--board", "right", cwd=tmp_path)
    assert done.code == 3 and "x place name=nowhere: no place has that; there are: left, right" in done.out
    nowhere.write_text(file.read_text().replace(lab.address, "127.0.0.1:9"))
    done = here("doctor", "--boards", str(nowhere), "--board", "right", cwd=tmp_path)
    assert done.code == 3 and "the labgrid coordinator at 127.0.0.1:9 does not answer" in done.out
    assert here("boards", "--boards", str(nowhere), cwd=tmp_path).code == 0, "the list does not need it"


def test_a_host_without_labgrid(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_LABGRID", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="there is no bin/labgrid-client in it") as failed:
        list_places(lab.address)
    assert "./bootstrap labgrid" in failed.value.hint


def test_nothing_listens_beyond_loopback(lab: Lab) -> None:
    ours = [process.pid for process in psutil.Process().children(recursive=True)]
    listening = {c.laddr.ip for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.pid in ours}
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"} and listening
