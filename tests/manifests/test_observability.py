"""What compose.observability.yaml mounts is what the manifest builder says."""

import runpy
from pathlib import Path

import pytest

WRITE = Path(__file__).parents[2] / "observability" / "write.py"
FILES = dict(runpy.run_path(str(WRITE))["files"]())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_mounted_file_is_the_builders(path: Path) -> None:
    assert path.read_text("utf-8") == FILES[path], "run: python observability/write.py"
