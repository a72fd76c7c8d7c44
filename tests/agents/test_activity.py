"""Which shell lines run tests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmux_orch.agents.activity import of_command
from tmux_orch.domain.states import AgentState

TESTS = """
pytest
pytest -q tests/unit
python -m pytest -x
python3.11 -m unittest discover
.venv/bin/pytest tests
uv run pytest -q
poetry run pytest
cd app && npm test
npm run test:unit -- --watch=false
npm t
yarn test
pnpm test
npx jest --ci
npx --yes vitest run
bun test
cargo test --workspace
cargo nextest run
go test ./...
make test
make -j4 check
./gradlew test
mvn -q test
ctest --output-on-failure
tox -e py311
CI=1 RUST_BACKTRACE=1 cargo test
timeout 60 pytest
time make test
bundle exec rspec
vendor/bin/phpunit
python manage.py test shop
git pull; go test ./...
(cd web; npx playwright test)
pytest 2>&1 | tail -20
dotnet test
mix test
""".strip().splitlines()
OTHER = """
ls -la
git commit -m "pytest and npm test pass now"
echo pytest
grep -rn pytest .
cat tests/test_shop.py
pip install pytest
npm install jest
npm run build
npm start
cargo build
go build ./...
make
make install
vim pytest.ini
rm -rf .pytest_cache
which pytest
mkdir test
cd test && ls
python test
sed -i s/make/test/ Makefile
echo 'a quote without its end
""".strip().splitlines()


@pytest.mark.parametrize("command", TESTS)
def test_a_command_that_runs_tests_is_testing(command: str) -> None:
    assert of_command(command) is AgentState.TESTING


@pytest.mark.parametrize("command", OTHER)
def test_any_other_command_is_working(command: str) -> None:
    assert of_command(command) is AgentState.WORKING


@given(st.text(max_size=200))
def test_no_text_is_too_odd(command: str) -> None:
    assert of_command(command) in (AgentState.TESTING, AgentState.WORKING)
