"""The tests' temporary files lie in memory where there is room, and nothing of them stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelhouse.operating import test as testing


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(testing, "MEMORY", tmp_path)
    monkeypatch.setattr(testing, "MEMORY_BYTES", 1)
    return tmp_path


def test_temporary_files_lie_in_memory_and_are_gone_afterwards(memory: Path) -> None:
    with testing._temporary_files(is_bounded=True) as variables:
        folder = Path(variables["TMPDIR"])
        assert folder.parent == memory
        # The servers of root run as another user, who must pass.
        assert folder.stat().st_mode & 0o777 == 0o711
        (folder / "left").write_text("behind")
    assert not list(memory.iterdir())


def test_where_there_is_no_room_or_another_place_is_named_they_lie_where_they_always_did(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with testing._temporary_files(is_bounded=False) as variables:
        assert variables == {}
    with monkeypatch.context() as patch:
        patch.setattr(testing, "MEMORY_BYTES", 1 << 60)
        with testing._temporary_files(is_bounded=True) as variables:
            assert variables == {}
    with monkeypatch.context() as patch:
        patch.setattr(testing, "MEMORY", memory / "absent")
        with testing._temporary_files(is_bounded=True) as variables:
            assert variables == {}
    monkeypatch.setenv("TMPDIR", str(memory))
    with testing._temporary_files(is_bounded=True) as variables:
        assert variables == {}
    assert not list(memory.iterdir())
