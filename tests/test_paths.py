"""Paths that a person gives, and what is wrong with them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rights import bound_by_permissions

from vidkit.core.paths import from_here, path_given, shortened, why_unwritable, write_through
from vidkit.errors import SettingsError


def test_a_path_is_taken_as_it_is_meant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `~` is the home folder, and everything else stays as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_given("json_path", "~/rain.json") == tmp_path / "rain.json"
    assert path_given("json_path", Path("a b/é.json")) == Path("a b/é.json")


@pytest.mark.parametrize("value", ["", 5, None, b"x", "a\0b", "~nobody-here/x", ["a"]])
def test_what_is_no_path_is_told(value: object) -> None:
    """Every other value is a `SettingsError` that names the argument."""
    with pytest.raises(SettingsError, match="base_dir is "):
        path_given("base_dir", value)


def test_a_long_value_is_shown_in_part() -> None:
    """A value in an error takes no more than a line, and what cannot be shown is named."""

    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    assert len(shortened("x" * 10_000)) == 80
    assert shortened(5) == "5"
    assert "Odd" in shortened(Odd())
    assert "int" in shortened(10**5000)


def test_a_path_is_said_from_where_we_stand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lies below the working folder is named from there; anything else as it is."""
    monkeypatch.chdir(tmp_path)
    assert from_here(tmp_path / "out/video.mp4") == Path("out/video.mp4")
    assert from_here(tmp_path.parent / "video.mp4") == tmp_path.parent / "video.mp4"
    assert from_here(Path("out/video.mp4")) == Path("out/video.mp4")


def test_the_folder_that_nothing_may_be_made_in_is_named(tmp_path: Path) -> None:
    """And not the file or the folder that is not there."""
    tmp_path.chmod(0o500)
    for path in (tmp_path / "x.png", tmp_path / "deeper" / "x.png"):
        with bound_by_permissions(), pytest.raises(OSError) as denied:
            path.mkdir(parents=True)
        assert f"you may not use {tmp_path};" in why_unwritable(path, denied.value)
    held = os.open(tmp_path, os.O_RDONLY)
    for name in ("clips", ".x.part"):
        with bound_by_permissions(), pytest.raises(OSError) as denied:
            os.mkdir(name, dir_fd=held)
        assert f"you may not use {tmp_path};" in why_unwritable(tmp_path, denied.value)
    os.close(held)


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    """Not a part of it either: the name is free as soon as there is room."""

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_through(tmp_path / "x", pieces())
    write_through(tmp_path / "x", [b"all"])
    with pytest.raises(FileExistsError):
        write_through(tmp_path / "x", [b"other"])
    assert (tmp_path / "x").read_bytes() == b"all"
