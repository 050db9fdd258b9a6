"""What vidkit installs, with known vulnerabilities where the advisories can be reached.

For the core and for each extra: the versions of all that it brings, as they are installed here.
Where the advisory database (OSV) answers, each lock is audited by `pip-audit`, which is installed
for that where it is not there, and a vulnerability ends this with 1; else the versions are
printed, with the day on which each was installed. Of what is required by name the newest release
is looked up where the package index answers, and what had none in two years is told. Want of a
network is no failure, and costs seconds.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import tomllib
from contextlib import suppress
from datetime import date, timedelta
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from packaging.requirements import Requirement

ADVISORIES = "api.osv.dev"
NAMED = {"gtts", "moviepy", "nbval", "nest-asyncio", "python-pptx"}
"""What the project was asked to be built on, however old it is."""
OLD = timedelta(days=730)
PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]


def lock(requirements: list[str]) -> dict[str, Distribution]:
    """All that these bring, by name, as far as it is installed."""
    found: dict[str, Distribution] = {}
    todo = [(Requirement(each), "") for each in requirements]
    seen = set()
    while todo:
        asked, extra = todo.pop()
        if asked.marker is not None and not asked.marker.evaluate({"extra": extra}):
            continue
        name = re.sub(r"[-_.]+", "-", asked.name).lower()
        extras = ("", *asked.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        needs = [Requirement(each) for each in found[name].requires or ()]
        todo += [(each, wanted) for each in needs for wanted in extras]
    return dict(sorted(found.items()))


def reachable() -> bool:
    """Whether the advisory database answers."""
    try:
        with socket.create_connection((ADVISORIES, 443), timeout=3):
            return True
    except OSError:
        return False


def has_auditor(folder: str) -> bool:
    """Whether `pip-audit` is here, or could be installed into a folder for this once."""
    if find_spec("pip_audit") is not None:
        return True
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", folder, "pip-audit"]
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)  # noqa: S603
        return done.returncode == 0
    return False


def audited(locked: dict[str, Distribution], auditor: str) -> bool:
    """Whether nothing is known against these versions; prints what is. auditor: the folder that
    `pip-audit` may have been installed into.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lock.txt"
        lines = [f"{name}=={each.version}\n" for name, each in locked.items()]
        path.write_text("".join(lines), "utf-8")
        command = [sys.executable, "-m", "pip_audit", "-s", "osv", "--no-deps", "--disable-pip"]
        try:
            done = subprocess.run(  # noqa: S603
                [*command, "--progress-spinner", "off", "-r", str(path)],
                env=os.environ | {"PYTHONPATH": auditor},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print("  the advisory database does not answer")
            return True
    print(done.stdout + done.stderr)
    return "known vulnerabilit" not in done.stdout + done.stderr or done.returncode == 0


def installed(each: Distribution) -> str:
    """The day on which a version was installed: what is known of its age without a network."""
    files = [Path(str(each.locate_file(file))) for file in (each.files or ())[:20]]
    times = [file.stat().st_mtime for file in files if file.is_file()]
    return date.fromtimestamp(max(times)).isoformat() if times else "?"


def index() -> str:
    """The address of the package index that pip is told of."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return (os.environ.get("PIP_INDEX_URL") or told.strip() or "https://pypi.org/simple").rstrip(
        "/"
    )


def released(name: str, where: str) -> date:
    """The day of a package's newest release (PEP 700). Raises OSError, ValueError or KeyError
    where the index does not say.
    """
    kind = {"Accept": "application/vnd.pypi.simple.v1+json"}
    with urlopen(Request(f"{where}/{name}/", headers=kind), timeout=5) as answer:  # noqa: S310
        files = json.load(answer)["files"]
    return max(date.fromisoformat(file["upload-time"][:10]) for file in files)


def tell_old(requirements: list[str]) -> None:
    """Print which of these had no release for long, or that nobody says."""
    where, old = index(), []
    names = {re.sub(r"[-_.]+", "-", Requirement(each).name).lower() for each in requirements}
    for name in sorted(names - NAMED):
        try:
            newest = released(name, where)
        except HTTPError:
            continue
        except URLError:
            print("releases: the package index does not answer")
            return
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if date.today() - newest > OLD:
            old.append(f"{name} ({newest})")
    print("without a release in two years: " + (", ".join(old) or "none but those asked for"))


def main() -> int:
    """Audit the core and the extras, or print what they are."""
    core = PROJECT["dependencies"]
    extras = PROJECT["optional-dependencies"]
    tell_old([*core, *(each for name in extras if name != "test" for each in extras[name])])
    with tempfile.TemporaryDirectory() as auditor:
        return audit({"core": core} | extras, auditor, reachable() and has_auditor(auditor))


def audit(parts: dict[str, list[str]], auditor: str, online: bool) -> int:
    """Audit the core and the extras; where there is no advice, print what they are."""
    core, fine, told = parts["core"], True, set()
    for name, requirements in parts.items():
        locked = lock(core if name == "core" else [*core, *requirements])
        new = {each: dist for each, dist in locked.items() if each not in told}
        told |= set(new)
        if online:
            print(f"{name}: {len(new)} packages more are audited")
            fine = audited(new, auditor) and fine
        else:
            rows = [f"{each} {dist.version} ({installed(dist)})" for each, dist in new.items()]
            print(f"{name}: " + ", ".join(rows))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
