"""What is in the wheel, and that an installed maskr finds it."""

import subprocess
import sys
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

import maskr

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel would put into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def distribution(installed: Path) -> PathDistribution:
    (info,) = installed.glob("maskr-*.dist-info")
    return PathDistribution(info)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_rule_set_is_in_the_wheel(installed: Path) -> None:
    shipped = files(installed / "maskr" / "shipped" / "rules")
    assert shipped == files(ROOT / "rules")
    assert {"shop.yaml", "pii.yaml"} <= set(shipped)


def test_the_demos_database_is_in_the_wheel(installed: Path) -> None:
    shipped = files(installed / "maskr" / "shipped" / "fixtures")
    assert shipped == {"shop.sql": (ROOT / "fixtures" / "shop.sql").read_bytes()}


def test_the_wheel_holds_the_package_and_no_test(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir() if path.suffix != ".dist-info"}
    assert tops == {"maskr"}
    assert (installed / "maskr" / "py.typed").exists()


def test_an_installed_maskr_finds_what_ships(installed: Path, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from maskr.shipped import shipped\n"
        "print(shipped('rules/shop.yaml'), shipped('fixtures/shop.sql'), sep='\\n')"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    shipped = installed / "maskr" / "shipped"
    assert found == [str(shipped / "rules/shop.yaml"), str(shipped / "fixtures/shop.sql")]


def test_the_command_starts_the_command_line(distribution: PathDistribution) -> None:
    (command,) = distribution.entry_points.select(group="console_scripts")
    assert (command.name, command.value) == ("maskr", "maskr.cli:main")
    assert callable(command.load())


def test_the_version_is_said_once_and_the_same(distribution: PathDistribution) -> None:
    assert distribution.version == maskr.__version__


def test_the_licence_comes_along(distribution: PathDistribution) -> None:
    assert distribution.metadata["License-Expression"] == "Apache-2.0"
    text = distribution.read_text("licenses/LICENSE")
    assert text == (ROOT / "LICENSE").read_text()
