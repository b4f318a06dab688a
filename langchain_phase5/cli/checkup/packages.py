"""Python and the installed packages, as the package's own metadata asks for them."""

import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from langchain_phase5.cli.checkup.finding import Finding

PACKAGE = "langchain-phase5"
_AREA = "Packages"


def package_findings() -> Iterator[Finding]:
    """Say whether Python, the package and each extra are as the metadata wants them.

    Only metadata is read: nothing is imported.
    """
    about = metadata(PACKAGE)
    python = platform.python_version()
    wanted = about["Requires-Python"]
    fits = SpecifierSet(wanted).contains(python)
    yield Finding(
        area=_AREA,
        name="Python",
        state="ok" if fits else "broken",
        detail=python if fits else f"{python}, but {wanted} is needed",
        fix="" if fits else f"make a virtual environment with Python {wanted}",
    )
    yield _installed(None)
    for extra in about.get_all("Provides-Extra") or []:
        if extra != "all":
            yield _installed(extra)


def extra_is_installed(extra: str) -> bool:
    """Whether everything that an extra brings is there."""
    return _installed(extra).state == "ok"


def _installed(extra: str | None) -> Finding:
    """Look at the packages of an extra, or at those that are always needed."""
    found, missing, wrong = [], [], []
    for needed in _requirements(extra):
        there = _version(needed.name)
        if there is None:
            missing.append(needed.name)
        elif not needed.specifier.contains(there, prereleases=True):
            wrong.append(f"{needed.name} {there} (needs {needed.specifier})")
        else:
            found.append(f"{needed.name} {there}")
    place = PACKAGE if extra is None else f"{PACKAGE}[{extra}]"
    name = f"{PACKAGE} {version(PACKAGE)}" if extra is None else f"[{extra}]"
    if not missing and not wrong:
        return Finding(area=_AREA, name=name, state="ok", detail=", ".join(found))
    return Finding(
        area=_AREA,
        name=name,
        state="broken" if wrong or extra is None else "absent",
        detail="; ".join(filter(None, [_listed("missing", missing), _listed("unfit", wrong)])),
        fix=f"pip install --upgrade '{place}'" if wrong else f"pip install '{place}'",
    )


def _requirements(extra: str | None) -> Iterator[Requirement]:
    """Yield what this machine needs for an extra, or always."""
    for line in requires(PACKAGE) or []:
        needed = Requirement(line)
        always = needed.marker is None or needed.marker.evaluate({"extra": ""})
        if extra is None:
            wanted = always
        else:
            wanted = not always and bool(needed.marker and needed.marker.evaluate({"extra": extra}))
        if wanted:
            yield needed


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _listed(what: str, names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"{what}: {listed}" if listed else ""
