"""Library: where scenario files are. Those of the project travel inside the package, so that a plain install has them."""

from __future__ import annotations

from pathlib import Path

from saddlesim.problems import suggestion

PACKAGE = Path(__file__).parents[1]


def library_scenarios() -> dict[str, Path]:
    """Give the project's scenarios by name: beside the package in a checkout, inside it once installed."""
    for folder in (PACKAGE / "scenarios", PACKAGE.parent / "scenarios"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find_scenario(given: str) -> Path:
    """Find a scenario by its path, or by its name in ./scenarios or in the library; a local file wins.

    Raises
    ------
    FileNotFoundError
        With the nearest name that there is.
    """
    for path in (Path(given), Path("scenarios", f"{given}.yaml")):
        if path.is_file():
            return path
    library = library_scenarios()
    if given in library:
        return library[given]
    raise FileNotFoundError(f"{given}: no such file, nor a scenario of that name{suggestion(given, library)}")
