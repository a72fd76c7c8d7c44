"""The choice of a team over the labelled projects, in one process and without their bulk."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import eval_detection as detection
from tests.data.detection import materialize

EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    place: Path = tmp_path_factory.mktemp("detection")
    ask = detection.in_process()
    entries = detection.entries()
    pairs = [(entry, ask(_sketch(entry, place), entry["spec"])) for entry in entries]
    return detection.score(pairs, padded=False)


def _sketch(entry, place: Path) -> Path:
    """A repository whose index has all files of the entry, and whose directory those with text.

    Most files of a tree are empty, and ten thousand of them take longer than everything else.
    """
    names: dict[str, None] = {}

    def write(root: Path, name: str, text: str = "") -> None:
        if materialize.safe(name):
            names[name] = None
            if text:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(materialize, "write", write)
        root: Path = materialize.build(entry, place, git=False)
    git = ["git", "-C", os.fspath(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    index = "".join(f"100644 {EMPTY_BLOB} 0\t{name}\0" for name in names)
    add = [*git, "update-index", "-z", "--index-info"]
    subprocess.run(add, check=True, input=index.encode())
    return root


@pytest.mark.parametrize("name", [name for name in detection.TARGETS if name != "size"])
def test_labelled_projects_get_the_right_team_often_enough(table, name):
    found = table[name]
    assert found.of >= 5
    assert found.share >= detection.TARGETS[name], found.wrong


def test_a_wrong_answer_lowers_the_number_it_belongs_to():
    entry = next(
        e for e in detection.entries() if e["kind"] == "conflict" and not e["doubtful"][2:]
    )
    answer = {
        "team_type": entry["files_label"],
        "size": "small",
        "conditions": {"has_database": not entry["has_database"], "production_deployment": True},
    }
    found = detection.score([(entry, answer)], padded=True)
    assert found["lenient"].share == found["strict"].share == found["conflict"].share == 0
    assert found["spec_only"].of == 0
    assert found["has_database"].wrong == [f"{entry['id']}: False, not True"]
