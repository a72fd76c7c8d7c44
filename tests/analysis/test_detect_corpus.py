"""The choice of a team over the labelled projects, in one process and without their bulk."""

from pathlib import Path

import pytest

from tests import eval_detection as detection


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    place: Path = tmp_path_factory.mktemp("detection")
    ask = detection.in_process()
    pairs = [
        (entry, ask(root, entry["spec"]))
        for entry, root in detection.trees(detection.entries(), place, pad=False)
    ]
    return detection.score(pairs, padded=False)


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
