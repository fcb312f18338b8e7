"""`.ci/manifests-diff`, whose output the forges put beside a change, with a builder that is quick."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "manifests-diff"
BUILDER = """
import sys
from pathlib import Path
output = Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir(parents=True, exist_ok=True)
(output / ".index.json").write_text(Path(__file__).read_text())
(output / "Namespace.shop.yaml").write_text("replicas: 1\\n")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "checkout"
    for folder in (".ci", "cdk8s_app", ".venv/bin"):
        (made / folder).mkdir(parents=True)
    (made / ".ci" / "manifests-diff").write_bytes(SCRIPT.read_bytes())
    (made / "cdk8s_app" / "__main__.py").write_text(BUILDER)
    (made / "config.json").write_text("{}")
    (made / ".gitignore").write_text(".venv\n")
    (made / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for command in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "x"),
    ):
        subprocess.run(["git", *command], cwd=made, check=True)
    return made


def comment(checkout: Path) -> str:
    done = subprocess.run(
        ["bash", ".ci/manifests-diff", "HEAD"],
        cwd=checkout,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_what_changes_no_manifest_is_said_to_change_nothing(checkout: Path) -> None:
    (checkout / "cdk8s_app" / "__main__.py").write_text(f"# said more clearly\n{BUILDER}")

    assert comment(checkout) == "### Manifests of `config.json`\nNothing changes.\n"


def test_a_line_that_changes_stands_in_the_comment(checkout: Path) -> None:
    builder = BUILDER.replace("replicas: 1", "replicas: 2")
    (checkout / "cdk8s_app" / "__main__.py").write_text(builder)

    told = comment(checkout)

    assert "1 files change." in told
    assert "-replicas: 1\n+replicas: 2\n" in told
