"""What an image says it is, before it runs: its variant and the operating system below it."""

from pathlib import Path

import pytest

from rig.bench import IDENTITY_SYMBOL, Identity, build, identity_of
from rig.errors import UsageError
from rig.probe import FirmwareImage


@pytest.mark.firmware
@pytest.mark.parametrize(("preset", "os"), [("posix", "linux"), ("mps2-an500", "none")])
def test_every_image_has_it(preset: str, os: str) -> None:
    for variant, path in build(preset).items():
        said = FirmwareImage.load(path).text(IDENTITY_SYMBOL)
        assert identity_of(path.name, said) == Identity(variant=variant, os=os)


@pytest.mark.parametrize("said", [None, "", "shm", "shm none more", " none"])
def test_one_that_says_nothing_is_refused(said: str | None) -> None:
    with pytest.raises(UsageError, match=r"firmware old\.elf does not say which variant it is") as caught:
        identity_of(str(Path("old.elf")), said)
    assert "build it again" in caught.value.hint
