from pathlib import Path

import pytest

from maskr.db.postgres import programs
from maskr.errors import UnavailableError


def program(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{path.name} (PostgreSQL) {version}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any PostgreSQL; what is put under ``pg/N/bin`` is the system's."""
    monkeypatch.setattr(programs, "_SYSTEM", (f"{tmp_path}/pg/*/bin",))
    monkeypatch.setattr(programs, "_embedded", lambda: iter([tmp_path / "wheel"]))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def server(folder: Path, version: str) -> programs.Binaries:
    program(folder / "initdb", version)
    program(folder / "postgres", version)
    return programs.Binaries(folder, int(version.partition(".")[0]))


def test_the_systems_highest_version_is_the_one(machine: Path) -> None:
    server(machine / "pg/9/bin", "9.6.24")
    highest = server(machine / "pg/15/bin", "15.18 (Debian 15.18-0+deb12u1)")
    server(machine / "pg/14/bin", "14.1")
    assert programs.find_binaries("system") == highest


def test_a_server_on_path_is_found_through_its_link(machine: Path) -> None:
    real = server(machine / "elsewhere", "17.2")
    (machine / "path").mkdir()
    (machine / "path/initdb").symlink_to(real.directory / "initdb")
    assert programs.find_binaries("system") == real


def test_the_first_origin_that_has_one_wins(machine: Path) -> None:
    system = server(machine / "pg/15/bin", "15.1")
    assert programs.find_binaries("embedded", "system") == system
    embedded = server(machine / "wheel", "18.6")
    assert programs.find_binaries("embedded", "system") == embedded
    assert programs.find_binaries("system", "embedded") == system
    assert programs.find_binaries() == embedded


def test_a_folder_with_client_programs_only_is_no_server(machine: Path) -> None:
    program(machine / "pg/15/bin/initdb", "15.1")
    with pytest.raises(UnavailableError, match="holds no initdb and postgres"):
        programs.binaries_in(machine / "pg/15/bin")


def test_no_server_says_what_to_install(machine: Path) -> None:
    with pytest.raises(UnavailableError, match=r"none found.*pip install 'maskr\[embedded\]'"):
        programs.find_binaries()


def test_the_nearest_program_that_is_new_enough_is_taken(machine: Path) -> None:
    for version in ("14.9", "15.2", "17.0"):
        program(machine / f"pg/{version}/bin/pg_dump", version)
    newest = program(machine / "wheel/pg_dump", "18.6")
    assert programs.find_program("pg_dump", 15) == machine / "pg/15.2/bin/pg_dump"
    assert programs.find_program("pg_dump", 16) == machine / "pg/17.0/bin/pg_dump"
    assert programs.find_program("pg_dump", 18) == newest


def test_of_equals_the_program_itself_wins_over_a_wrapper_on_path(machine: Path) -> None:
    program(machine / "path/pg_dump", "15.2")
    real = program(machine / "pg/15/bin/pg_dump", "15.2")
    assert programs.find_program("pg_dump", 15) == real


def test_too_old_programs_are_named_with_what_to_install(machine: Path) -> None:
    old = program(machine / "pg/14/bin/psql", "14.9")
    with pytest.raises(UnavailableError) as caught:
        programs.find_program("psql", 15)
    assert caught.value.what == f"PostgreSQL 15 or newer is needed; found: 14 ({old})"
    assert "postgresql-client-15" in caught.value.hint


def test_a_beta_has_a_major_version(machine: Path) -> None:
    beta = program(machine / "wheel/psql", "19beta1")
    assert programs.find_program("psql", 19) == beta


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 3\n", "#!/bin/sh\necho hello\n", ""])
def test_a_broken_program_is_an_error_that_names_it(machine: Path, script: str) -> None:
    broken = program(machine / "pg/15/bin/psql", "15.1")
    broken.write_text(script)
    with pytest.raises(UnavailableError, match="pg/15/bin/psql"):
        programs.find_program("psql", 15)
