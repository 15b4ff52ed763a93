"""What takes an image's RAM is found by file and object, however the linker names it, on small images of the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.probe import ram_objects

ONE = """
static int table[100];
int shared[50];
int *one(int i) { static char own[40]; own[i] = 1; table[i] = own[0]; return &table[i]; }
"""
OTHER = """
static int table[200];
extern int *one(int);
int main(int count, char **words) { (void)words; table[count] = *one(count); return table[count / 2]; }
__asm__(".bss\\n.skip 512\\n.text");
"""


def build(directory: Path, *flags: str) -> dict[str, int]:
    (directory / "one.c").write_text(ONE)
    (directory / "other.c").write_text(OTHER)
    image = directory / "image"
    subprocess.run(
        ["gcc", *flags, "-fcommon", "-o", image, "one.c", "other.c"], cwd=directory, check=True, capture_output=True
    )
    return ram_objects(image)


def sizes(found: dict[str, int], name: str) -> dict[str, int]:
    return {key: size for key, size in found.items() if key.split(":")[-1].split(".")[0] == name}


@pytest.mark.parametrize("flags", [("-g",), ("-g", "-O2"), ("-g", "-O2", "-flto")])
def test_objects_of_one_name_are_told_apart_by_their_file(tmp_path: Path, flags: tuple[str, ...]) -> None:
    found = build(tmp_path, *flags)
    assert sizes(found, "table") == {"one.c:table": 400, "other.c:table": 800}
    assert sizes(found, "own") == {"one.c:own": 40}
    assert sum(sizes(found, "shared").values()) in (0, 200)  # nobody uses it: an optimiser may leave it out


def test_without_debug_information_static_objects_have_their_file_all_the_same(tmp_path: Path) -> None:
    found = build(tmp_path)
    assert sizes(found, "table") == {"one.c:table": 400, "other.c:table": 800}
    assert sizes(found, "shared") == {"shared": 200}


def test_ram_that_no_symbol_names_is_found(tmp_path: Path) -> None:
    rest = build(tmp_path, "-g").get("(no symbol) .bss", 0)
    assert 512 <= rest < 512 + 64


def test_an_image_that_is_not_there_is_the_users_to_build(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        ram_objects(tmp_path / "none")
