"""firmware/xrce in storeys: no include and no call goes up, and nothing goes round in a circle.

The calls are read from object files: a symbol that one object needs and another one has. Without optimisation, so that
no call is lost to inlining. docs/architecture.md says what each storey is for.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from arrows import Arrows, circle
from arrows import calls as calls_of

XRCE = Path(__file__).resolve().parents[2] / "firmware" / "xrce"
STOREYS = ("wire", "entity", "state", "stream", "shm", "session", "client")  # lowest first
LEVEL = {storey: level for level, storey in enumerate(STOREYS)}
LEVEL["network"] = LEVEL["shm"]  # the other body of the same storey: a build has one of the two
PUBLIC = {  # what an application includes, and the storey it is the face of
    "xrce_config.h": "wire",
    "xrce_types.h": "wire",
    "xrce_port.h": "wire",
    "xrce_table.h": "entity",
    "xrce_state.h": "state",
    "xrce_sample.h": "shm",
    "xrce_client.h": "client",
}
VARIANTS = {"shm": "ON", "network": "OFF"}

pytestmark = pytest.mark.firmware


def level(file: str) -> int:
    folder, name = file.split("/")
    return LEVEL[PUBLIC[name] if folder == "include" else folder]


def back_arrows(arrows: Arrows) -> list[str]:
    return [f"{a} -> {b}" for a in sorted(arrows) for b in sorted(arrows[a]) if level(b) > level(a)]


def includes(root: Path) -> Arrows:
    arrows: Arrows = {}
    for file in sorted(root.glob("*/*.[ch]")):
        found = re.findall(r'^\s*#\s*include "([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
        places = [root / "include" / name if "/" not in name else root / name for name in found]
        missing = [str(place) for place in places if not place.is_file()]
        assert not missing, f"{file}: {missing}"
        arrows[str(file.relative_to(root))] = {str(place.relative_to(root)) for place in places}
    return arrows


def calls(root: Path, variant: str, folder: Path) -> Arrows:
    """Builds the library as an application would, and reads its objects."""
    text = f"cmake_minimum_required(VERSION 3.22)\nproject(storeys LANGUAGES C)\nadd_subdirectory({root} xrce)\n"
    (folder / "CMakeLists.txt").write_text(text, encoding="utf-8")
    build = folder / f"build-{variant}"
    configure = ["cmake", "-S", folder, "-B", build, "-G", "Ninja", f"-DXRCE_SHM={VARIANTS[variant]}"]
    for command in ([*configure, "-DCMAKE_C_FLAGS=-O0"], ["cmake", "--build", build]):
        subprocess.run(command, check=True, capture_output=True)
    objects = build / "xrce" / "CMakeFiles" / "xrce.dir"
    found = sorted(objects.glob("*/*.o"))
    return calls_of({str(path.relative_to(objects)).removesuffix(".o"): path for path in found})


@pytest.fixture(scope="module", params=VARIANTS)
def linked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Arrows]:
    return request.param, calls(XRCE, request.param, tmp_path_factory.mktemp("storeys"))


def test_no_include_goes_up_or_round() -> None:
    arrows = includes(XRCE)
    assert not back_arrows(arrows)
    assert not circle(arrows)


def test_no_call_goes_up_or_round(linked: tuple[str, Arrows]) -> None:
    _, arrows = linked
    assert sum(len(found) for found in arrows.values()) > 50  # or nothing was read
    assert not back_arrows(arrows)
    assert not circle(arrows)


def test_a_build_has_every_source_of_its_variant_and_none_of_the_others(linked: tuple[str, Arrows]) -> None:
    variant, arrows = linked
    sources = {str(path.relative_to(XRCE)) for path in XRCE.glob("*/*.c")}
    others = {source for source in sources if source.split("/")[0] in VARIANTS.keys() - {variant}}
    assert arrows.keys() == sources - others


def test_an_application_needs_no_header_but_the_public_ones() -> None:
    public = {f"include/{name}" for name in PUBLIC}
    arrows = includes(XRCE)
    assert {file for file in arrows if file.startswith("include/")} == public
    for file in public:
        assert arrows[file] <= public, file
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-I", XRCE / "include"]
    for shm in (0, 1):
        for name in PUBLIC:  # each by itself
            code = f'#include "{name}"\nextern int nothing;\n'
            done = subprocess.run([*command, f"-DXRCE_SHM={shm}", "-"], input=code, text=True, check=False)
            assert done.returncode == 0, name


def seeded(tmp_path: Path, file: str, code: str) -> Path:
    """A copy of the library with some more code in one file."""
    copy = tmp_path / "xrce"
    shutil.copytree(XRCE, copy)
    with (copy / file).open("a", encoding="utf-8") as text:
        text.write(code)
    return copy


def test_a_seeded_back_arrow_is_found(tmp_path: Path) -> None:
    code = "\nint xrce_link_flush(void *client, void *session);\nint seeded(void) { return xrce_link_flush(0, 0); }\n"
    arrows = calls(seeded(tmp_path, "wire/xrce_cdr.c", code), "network", tmp_path)
    assert back_arrows(arrows) == ["wire/xrce_cdr.c -> stream/xrce_link.c"]
    assert {"wire/xrce_cdr.c", "stream/xrce_link.c"} <= set(circle(arrows))


def test_a_seeded_circle_within_a_storey_is_found(tmp_path: Path) -> None:
    code = "\nint xrce_sample_publish(xrce_client_t *client, uint32_t key);\n"
    code += "int seeded(void) { return xrce_sample_publish(NULL, 0); }\n"
    arrows = calls(seeded(tmp_path, "shm/xrce_shm_match.c", code), "shm", tmp_path)
    assert not back_arrows(arrows)
    assert {"shm/xrce_shm_match.c", "shm/xrce_shm_publish.c"} <= set(circle(arrows))


def test_a_seeded_include_of_a_higher_storey_is_found(tmp_path: Path) -> None:
    copy = seeded(tmp_path, "entity/xrce_name.h", '\n#include "session/xrce_session.h"\n')
    assert back_arrows(includes(copy)) == ["entity/xrce_name.h -> session/xrce_session.h"]
