"""The shell launcher and the install, on a tiny checkout with one tiny package: real pip, uv, hashes, no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# What stands for the commands here: it says which Python runs it, and its words.
MAIN = "import sys, tiny; print(sys.prefix, tiny.VERSION, sys.argv[1:])\n"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout with the real launcher and installer.

    root      its folder
    packages  where pip finds packages
    """

    root: Path
    packages: Path

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def lock(self, version: str, digest: str | None = None) -> None:
        """Write a lock with one package of that version."""
        wheel = make_wheel(self.packages, "tiny", version, {"tiny.py": f"VERSION = {version!r}\n"})
        (self.root / "requirements.lock").write_text(locked("tiny", version, digest or digest_of(wheel)))

    def lock_with_uv(self) -> None:
        """Write a lock with uv in it, too: a program that calls the real one and notes it in the venv."""
        uv = "uv-7.data/scripts/uv"
        text = f'#!/bin/sh\ntouch "{self.venv}/called"\nexec "{Path(sys.executable).with_name("uv")}" "$@"\n'
        wheel = make_wheel(self.packages, "uv", "7", {uv: text})
        self.lock("1.0")
        with (self.root / "requirements.lock").open("a") as lock:
            lock.write(locked("uv", "7", digest_of(wheel)))

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "PIP_", "UV_"))}
        return kept | {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.packages),
            "PIP_CONFIG_FILE": os.devnull,
            "REELHOUSE_HOME": str(self.root.parent / "home"),
            "REELHOUSE_PYTHON": sys.executable,
            **settings,
        }

    def launch(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "reelhouse", *words], env=self.environment(**settings), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    if not path.exists():
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in files.items():
                place = zipfile.ZipInfo(file)
                place.external_attr = 0o100755 << 16
                wheel.writestr(place, text)
    return path


def digest_of(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def locked(name: str, version: str, digest: str) -> str:
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root, packages = tmp_path / "a checkout", tmp_path / "packages"
    package = root / "plugins" / "reelhouse"
    (package / "operating").mkdir(parents=True)
    packages.mkdir()
    shutil.copy(ROOT / "reelhouse", root)
    shutil.copy(ROOT / "plugins" / "reelhouse" / "operating" / "installing.py", package / "operating")
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(MAIN)
    made = Checkout(root, packages)
    made.lock("1.0")
    return made


def make_program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_launcher_is_plain_sh() -> None:
    for shell in filter(None, map(shutil.which, ("sh", "dash", "bash"))):
        subprocess.run([shell, "-n", ROOT / "reelhouse"], check=True)
    assert os.access(ROOT / "reelhouse", os.X_OK)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_it_makes_the_venv_once_and_hands_over(checkout: Checkout, tmp_path: Path) -> None:
    first = checkout.launch("say", "two words")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{checkout.venv} 1.0 ['say', 'two words']\n"
    assert "Made" in first.stderr
    second = checkout.launch("again")
    assert (second.stdout, second.stderr) == (f"{checkout.venv} 1.0 ['again']\n", "")
    # Through a link, from a folder with a file that is named like a module.
    link = tmp_path / "link"
    link.symlink_to(checkout.root / "reelhouse")
    (tmp_path / "tiny.py").write_text("raise SystemExit('taken from the current folder')")
    done = subprocess.run([link], cwd=tmp_path, env=checkout.environment(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{checkout.venv} 1.0 []\n", "")


def test_pip_brings_the_uv_of_the_lock_and_uv_the_rest(checkout: Checkout) -> None:
    checkout.lock_with_uv()
    done = checkout.launch()
    assert done.stdout == f"{checkout.venv} 1.0 []\n", done.stderr
    assert (checkout.venv / "called").exists()
    # The pip was this Python's: to make one for every venv took most of the time.
    assert not list(checkout.venv.glob("lib/*/site-packages/pip"))


@pytest.mark.parametrize("elsewhere", ["user", "prefix", "target"], ids=str)
def test_packages_go_into_the_venv_wherever_pip_is_told_to_put_them(checkout: Checkout, tmp_path, elsewhere) -> None:
    settings = {"user": {"PIP_USER": "1"}}.get(elsewhere, {f"PIP_{elsewhere.upper()}": str(tmp_path / "elsewhere")})
    if elsewhere == "user":
        (tmp_path / "pip.conf").write_text("[install]\nuser = true\n")
        settings["PIP_CONFIG_FILE"] = str(tmp_path / "pip.conf")
    checkout.lock_with_uv()
    done = checkout.launch(**settings)
    assert done.stdout == f"{checkout.venv} 1.0 []\n", done.stderr
    assert (checkout.venv / "called").exists()
    assert not (tmp_path / "elsewhere").exists()


def test_a_python_without_pip_gets_one(checkout: Checkout, tmp_path: Path) -> None:
    """As Debian's, where python3-pip is another package than python3-venv."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    checkout.lock_with_uv()
    done = checkout.launch(REELHOUSE_PYTHON=str(bare / "bin" / "python"))
    assert done.stdout == f"{checkout.venv} 1.0 []\n", done.stderr
    assert (checkout.venv / "called").exists()
    assert list(checkout.venv.glob("lib/*/site-packages/pip"))


def test_a_venv_that_is_half_made_or_moved_is_made_anew(checkout: Checkout) -> None:
    checkout.launch()
    # As a kill in the middle leaves it: packages missing, and no stamp, which is written last.
    (checkout.venv / "reelhouse.stamp").unlink()
    shutil.rmtree(next(checkout.venv.glob("lib/*/site-packages/tiny-*")))
    assert checkout.launch().stdout == f"{checkout.venv} 1.0 []\n"
    moved = Checkout(checkout.root.rename(checkout.root.with_name("moved")), checkout.packages)
    assert moved.launch().stdout == f"{moved.venv} 1.0 []\n"


def test_a_venv_of_somebody_else_is_left_alone(checkout: Checkout) -> None:
    checkout.venv.mkdir()
    (checkout.venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert checkout.launch().stdout == f"{checkout.root.parent / 'home' / 'venv'} 1.0 []\n"
    assert [path.name for path in checkout.venv.iterdir()] == ["pyvenv.cfg"]


def test_a_venv_is_made_anew_for_another_lock_and_may_be_a_link_to_where_there_is_room(checkout: Checkout) -> None:
    elsewhere = checkout.root.parent / "large disk"
    elsewhere.mkdir()
    checkout.venv.symlink_to(elsewhere)
    assert checkout.launch().stdout == f"{elsewhere} 1.0 []\n"
    checkout.lock("2.0")
    assert checkout.launch().stdout == f"{elsewhere} 2.0 []\n"
    # Somebody tidies up.
    shutil.rmtree(elsewhere)
    assert checkout.launch().stdout == f"{checkout.root.parent / 'home' / 'venv'} 2.0 []\n"


def test_a_package_with_another_hash_is_refused(checkout: Checkout) -> None:
    checkout.lock("1.0", digest="0" * 64)
    done = checkout.launch()
    assert (done.returncode, done.stdout) == (1, "")
    assert "could not install" in done.stderr
    assert "HASHES" in done.stderr
    # Without it the next launch makes the venv anew.
    assert not (checkout.venv / "reelhouse.stamp").exists()


def test_two_launches_at_once_make_one_venv(checkout: Checkout) -> None:
    both = [
        subprocess.Popen(
            [checkout.root / "reelhouse"], env=checkout.environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=120) for process in both]
    assert [output for output, _ in said] == [f"{checkout.venv} 1.0 []\n"] * 2
    assert sum("Made" in errors for _, errors in said) == 1


def test_an_interpreter_that_does_not_run_is_passed_over(checkout: Checkout, tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    # As found in the wild: a shim of another user's version manager, and a Python that is too old.
    make_program(shims, "python3.14", "#!/nowhere/sh\n")
    make_program(shims, "python3.13", "#!/bin/sh\nexit 127\n")
    make_program(shims, "python3.12", "#!/bin/sh\nexit 2\n")
    make_program(shims, "python3.11", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    done = checkout.launch(REELHOUSE_PYTHON="", PATH=f"{shims}:{os.environ['PATH']}")
    assert done.stdout == f"{checkout.venv} 1.0 []\n", done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("#!/bin/sh\nexit 2\n", "expected a Python 3.11 to 3.14 that you may run, found"),
        ("#!/bin/sh\nexit 3\n", "has no venv module. Install it (Debian, Ubuntu: apt-get install python3-venv)"),
    ],
)
def test_a_python_that_will_not_do_is_said(checkout: Checkout, tmp_path: Path, text: str, says: str) -> None:
    python = make_program(tmp_path / "bin", "python", text)
    done = checkout.launch(REELHOUSE_PYTHON=str(python))
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_another_python_s_home_and_locale_are_not_ours(checkout: Checkout) -> None:
    (checkout.root / "plugins" / "reelhouse" / "__main__.py").write_text("import sys; print(sys.flags.utf8_mode)\n")
    done = checkout.launch(PYTHONHOME="/nonexistent", PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
