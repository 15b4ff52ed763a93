"""The corpus holds, mutations of it hold, and a few seconds of coverage-guided fuzzing find nothing."""

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fuzz_targets import TARGETS, agent, codec, framing

from rig import xrce

HERE = Path(__file__).resolve().parent
FILES = {target: sorted((HERE / "corpus" / target).iterdir()) for target in TARGETS}
SECONDS = 5


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target: str) -> None:
    assert len(FILES[target]) >= 10
    for file in FILES[target]:
        TARGETS[target](file.read_bytes())


def spliced(chance: random.Random, files: list[Path]) -> bytes:
    """Pieces of two inputs, some bytes changed."""
    one, other = (bytearray(chance.choice(files).read_bytes()) for _ in range(2))
    out = one[: chance.randrange(len(one) + 1)] + other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randrange(5)):
        if out:
            out[chance.randrange(len(out))] = chance.choice((0, 1, 0x7D, 0x7E, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    return bytes(out)


@pytest.mark.parametrize("target", TARGETS)
def test_mutations_of_the_corpus(target: str) -> None:
    chance = random.Random(target)
    end = time.monotonic() + SECONDS
    for _ in range(3000):
        TARGETS[target](spliced(chance, FILES[target]))
        if time.monotonic() > end:
            break


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed: pip install atheris")
@pytest.mark.parametrize("target", TARGETS)
def test_coverage_guided(target: str, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    done = subprocess.run(
        [
            sys.executable,
            HERE / "fuzz_run.py",
            target,
            tmp_path / "new",
            HERE / "corpus" / target,
            f"-max_total_time={SECONDS}",
            "-timeout=10",
            "-rss_limit_mb=1024",
            f"-artifact_prefix={tmp_path}/",
        ],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr


@pytest.mark.parametrize("target", [codec, framing, agent], ids=lambda target: target.__name__)
def test_the_invariants_are_alive(target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder with a defect is found by the corpus alone."""
    import fuzz_targets

    if target is codec:
        monkeypatch.setattr(fuzz_targets.xrce, "encode_message", lambda message: b"\x81\x00\x00\x00")
    elif target is framing:
        monkeypatch.setattr(fuzz_targets.xrce, "encode_frame", lambda payload, source, destination: b"~")
    else:
        monkeypatch.setattr(fuzz_targets.AgentCore, "receive", lambda self, peer, *_: self.outbox.append((peer, b"")))
    with pytest.raises((AssertionError, xrce.XrceDecodeError)):
        for file in FILES[target.__name__]:
            target(file.read_bytes())
