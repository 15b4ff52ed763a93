"""`rig meta`: what it writes passes its own check, and what fails is named."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from rig_process import Finished

from rig.cli._meta import check_command, write_command
from rig.cli._replay import replay_command
from rig.errors import UsageError

Rig = Callable[..., Finished]


def test_what_is_written_passes_the_check_and_too_much_fails(rig: Rig, tmp_path: Path) -> None:
    file = tmp_path / "colcon.meta"
    written = rig("meta", "write", "--publishers", "2", "--subscriptions", "2", "--message", "600", "--out", str(file))
    assert written.code == 0 and "UCLIENT_SHARED_MEMORY_MAX_ENTITIES" in written.out
    assert "rmw_microxrcedds" in json.loads(file.read_text(encoding="utf-8"))["names"]
    same = rig("meta", "check", str(file), "--publishers", "2", "--subscriptions", "2", "--message", "600")
    assert (same.code, "nothing fails" in same.out) == (0, True)
    more = rig("meta", "check", str(file), "--publishers", "2", "--subscriptions", "3", "--message", "600")
    assert more.code == 2
    assert "UCLIENT_SHARED_MEMORY_MAX_ENTITIES=8" in more.out and "RMW_UXRCE_MAX_SUBSCRIPTIONS=2" in more.out


def test_a_folder_without_a_library_is_one_clear_error(rig: Rig, tmp_path: Path) -> None:
    done = rig("meta", "check", str(tmp_path))
    assert done.code == 2
    assert "no uxr/client/config.h" in done.err and "Traceback" not in done.err


@pytest.mark.parametrize(
    ("command", "arguments", "next_step"),
    [
        (check_command, ["nothing.meta"], "rig meta write makes a colcon.meta"),
        (write_command, ["--base", "nothing.meta"], "rig meta write makes a colcon.meta"),
        (replay_command, ["nothing.json"], "sequences/"),
    ],
)
def test_a_file_that_is_not_there_says_what_to_do_next(
    command: click.Command, arguments: list[str], next_step: str
) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file") as error:
        command.main(arguments, standalone_mode=False)
    assert next_step in error.value.hint
