"""What is read of a colcon.meta, of headers, and of an archive."""

import os
import subprocess
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.meta import CLIENT, OPTIONS, RMW, archive_symbols, contradictions, read_headers, read_meta

CLIENT_HEADER = """
#define UXR_CLIENT_VERSION_STR "2.4.2"
/* #undef UCLIENT_PROFILE_UDP */
#define UCLIENT_PROFILE_CUSTOM_TRANSPORT
#define UCLIENT_PROFILE_STREAM_FRAMING
#define UCLIENT_PROFILE_SHARED_MEMORY
#ifdef UCLIENT_PROFILE_CUSTOM_TRANSPORT
#define UXR_CONFIG_CUSTOM_TRANSPORT_MTU                  640
#endif
#define UXR_CONFIG_SHARED_MEMORY_MAX_ENTITIES          12
#define UXR_CONFIG_SHARED_MEMORY_STATIC_MEM_SIZE       5
"""
RMW_HEADER = """
#define RMW_UXRCE_TRANSPORT_CUSTOM
/* #undef RMW_UXRCE_USE_REFS */
/* #undef RMW_UXRCE_STREAM_HISTORY_INPUT */
#if defined(RMW_UXRCE_STREAM_HISTORY_INPUT) && defined(RMW_UXRCE_STREAM_HISTORY_OUTPUT)
#else
#define RMW_UXRCE_STREAM_HISTORY_INPUT 8
#define RMW_UXRCE_STREAM_HISTORY_OUTPUT 8
#endif
#define RMW_UXRCE_MAX_HISTORY 6
#define RMW_UXRCE_MAX_NODES 1
#define RMW_UXRCE_MAX_PUBLISHERS 3
#define RMW_UXRCE_MAX_SUBSCRIPTIONS 2
#define RMW_UXRCE_MAX_SERVICES 0
#define RMW_UXRCE_MAX_CLIENTS 0
#define RMW_UXRCE_MAX_TOPICS -1
"""


def meta(**options: str) -> str:
    packages = {name: [f"-D{key}={value}" for key, value in options.items()] for name in [CLIENT]}
    return f"{{names: {{{CLIENT}: {{cmake-args: {packages[CLIENT]}}}}}}}"


def test_unset_options_have_their_defaults() -> None:
    configuration = read_meta('{"names": {"tracetools": {"cmake-args": ["-DTRACETOOLS_DISABLED=ON"]}}}')
    assert not configuration.given
    assert {name: configuration.word(name) for name in OPTIONS} == {
        name: each.default for name, each in OPTIONS.items()
    }
    assert not configuration.shm
    assert (configuration.mtu, configuration.slots, configuration.topics) == (512, 4, 8)


@pytest.mark.parametrize("word", ["ON", "on", "1", "True", "yes"])
def test_a_switch_is_on_in_all_words_of_cmake(word: str) -> None:
    assert read_meta(meta(UCLIENT_PROFILE_SHARED_MEMORY=word)).shm


def test_the_last_of_a_name_holds_and_a_type_is_allowed() -> None:
    text = (
        f'{{"names": {{"{RMW}": {{"cmake-args": ["-DRMW_UXRCE_MAX_HISTORY=2", "-DRMW_UXRCE_MAX_HISTORY:STRING=9"]}}}}}}'
    )
    assert read_meta(text).number("RMW_UXRCE_MAX_HISTORY") == 9


def test_an_option_of_another_package_is_told_and_has_no_effect() -> None:
    text = f'{{"names": {{"{RMW}": {{"cmake-args": ["-DUCLIENT_PROFILE_SHARED_MEMORY=ON"]}}}}}}'
    configuration = read_meta(text)
    assert not configuration.shm
    assert configuration.misplaced == {"UCLIENT_PROFILE_SHARED_MEMORY": RMW}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1", "neither JSON nor YAML"),
        ("{}", 'no table "names"'),
        ("", 'no table "names"'),
        (f"{{names: {{{CLIENT}: {{cmake-args: -DX=1}}}}}}", "cmake-args is not a list"),
        (meta(UCLIENT_PROFILE_SHARED_MEMORY="maybe"), "UCLIENT_PROFILE_SHARED_MEMORY=maybe"),
        (f"{{names: {{{RMW}: {{cmake-args: [-DRMW_UXRCE_TRANSPORT=can]}}}}}}", "RMW_UXRCE_TRANSPORT=can"),
    ],
)
def test_what_is_no_configuration_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_meta(text)


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(UsageError, match="UCLIENT_SHARED_MEMORY_MAX_ENTITIES=many"):
        read_meta(meta(UCLIENT_SHARED_MEMORY_MAX_ENTITIES="many")).number("UCLIENT_SHARED_MEMORY_MAX_ENTITIES")


def test_headers_say_what_was_built() -> None:
    configuration = read_headers(CLIENT_HEADER, RMW_HEADER)
    assert configuration.version == "2.4.2"
    assert configuration.shm and not configuration.on("UCLIENT_PROFILE_UDP")
    assert configuration.word("RMW_UXRCE_TRANSPORT") == "custom"
    assert (configuration.mtu, configuration.slots, configuration.input_slots, configuration.topics) == (640, 8, 8, 5)
    assert configuration.number("UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE") == 5


@pytest.mark.parametrize(
    ("client", "rmw", "said"),
    [("", RMW_HEADER, "uxr/client/config.h"), (CLIENT_HEADER, CLIENT_HEADER, "rmw_microxrcedds_c/config.h")],
)
def test_a_header_of_something_else_is_refused(client: str, rmw: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_headers(client, rmw)


def archive(folder: Path, source: str) -> bytes:
    """An archive with one member, made by the tools of this host."""
    (folder / "a.c").write_text(source, encoding="utf-8")
    subprocess.run(["gcc", "-c", "a.c", "-o", "a.o"], cwd=folder, check=True, timeout=30)
    subprocess.run(["ar", "rcs", "lib.a", "a.o"], cwd=folder, check=True, timeout=30)
    return (folder / "lib.a").read_bytes()


def test_header_and_archive_of_different_builds_are_found(tmp_path: Path) -> None:
    with_it = archive_symbols(archive(tmp_path, "void uxr_prepare_shared_memory(void) {}\nint on_topic;\n"))
    assert with_it == {"uxr_prepare_shared_memory", "on_topic"}
    without = archive_symbols(archive(tmp_path, "int on_topic;\n"))
    on = read_headers(CLIENT_HEADER, RMW_HEADER)
    off = read_headers(CLIENT_HEADER.replace("#define UCLIENT_PROFILE_SHARED_MEMORY\n", ""), RMW_HEADER)
    assert not contradictions(on, with_it) and not contradictions(off, without)
    assert [each.option for each in contradictions(on, without)] == ["UCLIENT_PROFILE_SHARED_MEMORY"]
    assert [each.option for each in contradictions(off, with_it)] == ["UCLIENT_PROFILE_SHARED_MEMORY"]


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"!<arch>\nshort"])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"libmicroros\.a"):
        archive_symbols(data)


def test_a_real_library_is_read() -> None:
    named = os.environ.get("MICROROS_LIB")
    if named is None:
        pytest.skip("MICROROS_LIB names no library")
    root = Path(named)
    (client,) = {p.read_text() for p in root.glob("include/**/uxr/client/config.h")}
    (rmw,) = {p.read_text() for p in root.glob("include/**/rmw_microxrcedds_c/config.h")}
    symbols = archive_symbols((root / "libmicroros.a").read_bytes())
    assert {"rcl_publish", "on_topic", "uxr_flash_output_streams"} <= symbols
    assert not contradictions(read_headers(client, rmw), symbols)
