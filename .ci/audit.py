"""What vidkit installs, with known vulnerabilities where the advisories can be reached.

For the core and for each extra: the versions of all that it brings, as they are installed here.
Where `pip-audit` is installed and the advisory database (OSV) answers, each lock is audited and
a vulnerability ends this with 1; else the versions are printed, with the day on which each was
installed. Want of a network is no failure, and costs three seconds.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import tomllib
from datetime import date
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

ADVISORIES = "api.osv.dev"
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


def audited(locked: dict[str, Distribution]) -> bool:
    """Whether nothing is known against these versions; prints what is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lock.txt"
        lines = [f"{name}=={each.version}\n" for name, each in locked.items()]
        path.write_text("".join(lines), "utf-8")
        command = [sys.executable, "-m", "pip_audit", "-s", "osv", "--no-deps", "--disable-pip"]
        try:
            done = subprocess.run(  # noqa: S603
                [*command, "--progress-spinner", "off", "-r", str(path)],
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


def main() -> int:
    """Audit the core and the extras, or print what they are."""
    core = PROJECT["dependencies"]
    parts = {"core": core} | PROJECT["optional-dependencies"]
    online = find_spec("pip_audit") is not None and reachable()
    fine, told = True, set()
    for name, requirements in parts.items():
        locked = lock(core if name == "core" else [*core, *requirements])
        new = {each: dist for each, dist in locked.items() if each not in told}
        told |= set(new)
        if online:
            print(f"{name}: {len(new)} packages more are audited")
            fine = audited(new) and fine
        else:
            rows = [f"{each} {dist.version} ({installed(dist)})" for each, dist in new.items()]
            print(f"{name}: " + ", ".join(rows))
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
