from fnmatch import fnmatchcase

from hypothesis import given, settings
from hypothesis import strategies as st

from tmux_orch.analysis.paths import Paths, is_aside, is_shown
from tmux_orch.config.templates import load_templates

GLOBS = sorted(
    {
        glob
        for team in load_templates({}).teams.values()
        for indicator in team.indicators
        for glob in indicator.files
    }
)
PARTS = st.sampled_from(
    ["app", "src", "Roles", "web", "tasks", "modules", "vpc", "models", "staging", "db", "migrate",
     "config", "tests", "examples", "docs", "deploy", "data", "a b", "x.y", "main",
     "java", "controllers", "compiler-core", "My.xcodeproj"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["main.tf", "main.yml", "site.yml", "Routes.rb", "routes.rb", "manage.py", "0001_a.py", "a.sql",
     "stg_x.sql", "a_dag.py", "Dockerfile", "setup.py", "x.service.j2", "index.html", "noending",
     ".env.example", "README", "é.tf", "a.tf.json"]
)  # fmt: skip
TREES = st.lists(
    st.tuples(st.lists(PARTS, max_size=4), NAMES).map(lambda t: "/".join([*t[0], t[1]])),
    unique=True,
    max_size=30,
)


def plainly(glob: str, path: str) -> bool:
    """What a glob means, one component after the other."""
    glob, parts = glob.lower(), path.lower().split("/")
    wanted = glob.strip("/").split("/")
    if glob.endswith("/"):
        starts = range(len(parts) - len(wanted))
        return any(_fit(parts[at : at + len(wanted)], wanted) for at in starts)
    if glob.startswith("/") and len(parts) != len(wanted):
        return False
    if len(parts) < len(wanted):
        return False
    return _fit(parts[-len(wanted) :], wanted)


def _fit(parts: list[str], wanted: list[str]) -> bool:
    return all(fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=True))


@settings(max_examples=150, deadline=None)
@given(TREES, st.lists(st.sampled_from(GLOBS), min_size=1, max_size=8))
def test_the_index_finds_what_each_glob_means(tree, globs):
    paths = Paths.of(tree)
    counted = paths.all()
    assert len(counted) == paths.count == len(set(counted))
    assert set(counted) <= set(tree)
    for glob in globs:
        found = paths.matching(glob)
        assert len(found) == len(set(found))
        assert set(found) == {path for path in counted if plainly(glob, path)}, glob


@given(TREES)
def test_only_what_is_aside_or_an_example_is_left_out(tree):
    left_out = set(tree) - set(Paths.of(tree).all())
    for path in left_out:
        directory = path.rpartition("/")[0]
        assert is_aside(directory) or is_shown(directory)


def test_no_shipped_glob_says_more_than_a_glob_can():
    for glob in GLOBS:
        assert "**" not in glob and "[" not in glob and "//" not in glob, glob
