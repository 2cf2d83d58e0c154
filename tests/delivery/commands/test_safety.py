"""What is known against the dependencies stops a delivery, and so does a source that knows nothing."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from delivery.advisories.accepted import Accepted, read_accepted
from delivery.advisories.database_age import LIMIT, told
from delivery.advisories.distributions import (
    LEFT_OUT,
    PINNED_ELSEWHERE,
    Distribution,
    all_that_count,
    counted_groups,
    distribution,
    rounds,
    without_version,
)
from delivery.advisories.vulnerabilities import CANARIES, Finding, findings
from delivery.commands.safety import judge, verdict
from delivery.console.refusal import Refusal
from tests.delivery.vulnerability_database import VulnerabilityDatabase, vulnerability_database

ROOT = Path(__file__).parents[3]
FLASK = Distribution("flask", "3.1.3")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def database() -> Iterator[VulnerabilityDatabase]:
    with vulnerability_database() as serving:
        yield serving


def judged(database: VulnerabilityDatabase) -> int:
    return judge(ROOT, database.api, database.listing_address, datetime.now(UTC))


def locked(name: str) -> Distribution:
    [found] = [one for one in all_that_count(ROOT) if one.name == name]
    return found


def test_a_database_that_knows_nothing_against_us_passes_and_its_age_is_printed(
    database: VulnerabilityDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real lock file: every distribution in it that counts is asked about, and what the build pins beside it."""
    assert judged(database) == 0
    told = capsys.readouterr().out
    assert "2 entries, the newest 2 h old" in told
    assert "Nothing is known against any of them." in told
    assert set(all_that_count(ROOT)) <= set(database.asked)
    assert {"flask", "ib-insync", "google-cloud-firestore", "pulumi", "pytest", "uv", "nox"} <= {
        one.name for one in database.asked
    }


def test_a_vulnerable_dependency_fails_with_its_advisory_and_the_command_that_helps(
    database: VulnerabilityDatabase,
) -> None:
    """One that nobody asked for by name: werkzeug comes with flask."""
    werkzeug = locked("werkzeug")
    database.plant(werkzeug, "GHSA-aaaa-bbbb-cccc", "9.1.2", "CVE-2026-12345")
    with pytest.raises(Refusal) as refused:
        judged(database)
    said = str(refused.value)
    assert f"1 known vulnerability in werkzeug {werkzeug.version}" in said
    assert "GHSA-aaaa-bbbb-cccc" in said and "CVE-2026-12345" in said and "fixed in 9.1.2" in said
    assert "uv lock --upgrade-package 'werkzeug==9.1.2'" in said


def test_one_upgrade_is_named_that_helps_against_all_that_is_known(database: VulnerabilityDatabase) -> None:
    """Not one command an advisory, of which the later would undo the earlier."""
    database.plant(FLASK, "GHSA-1", "3.1.9")
    database.plant(FLASK, "GHSA-2", "3.1.10")
    with pytest.raises(Refusal, match=re.escape("'flask==3.1.10'")) as refused:
        verdict(findings([FLASK], database.api), ())
    assert str(refused.value).count("uv lock") == 1


def test_a_fix_in_an_older_series_is_no_remedy() -> None:
    """2.3.9 has it no more, and neither would 3.1.4: whoever runs 3.1.3 goes up."""
    assert Finding(FLASK, ("GHSA-1",), ("2.3.9", "3.1.4", "3.2.0")).remedy == "3.1.4"
    assert Finding(FLASK, ("GHSA-1",), ("2.3.9",)).remedy is None


def test_what_nobody_has_fixed_says_how_to_live_with_it(database: VulnerabilityDatabase) -> None:
    database.plant(FLASK, "GHSA-1")
    with pytest.raises(Refusal, match=r"no later version is fixed yet\n.*accepted-vulnerabilities\.toml why"):
        verdict(findings([FLASK], database.api), ())


def test_an_empty_list_fails(database: VulnerabilityDatabase) -> None:
    database.listed = {}
    with pytest.raises(Refusal, match="is empty: a database that knows nothing finds nothing"):
        judged(database)
    assert database.asked == []


def test_a_list_that_is_cut_short_fails(database: VulnerabilityDatabase) -> None:
    """It does not have what every database has."""
    del database.listed[CANARIES[1][1]]
    with pytest.raises(Refusal, match=f"does not list {CANARIES[1][1]}: it is cut short"):
        judged(database)


def test_a_source_that_says_of_everything_that_it_knows_nothing_fails(
    database: VulnerabilityDatabase,
) -> None:
    """pip-audit ends with 0 there. The list still looks well; the answers do not."""
    database.known = {}
    with pytest.raises(
        Refusal, match=r"knows nothing against mlflow 0\.4\.0 .*sqlparse 0\.3\.1 .*it is empty"
    ):
        judged(database)


def test_a_source_that_stops_answering_half_way_fails(database: VulnerabilityDatabase) -> None:
    """What was planted is behind the point where it fell silent: without the last question it would pass."""
    database.answers = 70
    database.plant(locked("werkzeug"), "GHSA-1", "9.9")
    with pytest.raises(Refusal, match=r"knows nothing against sqlparse 0\.3\.1 .*half way"):
        judged(database)


@pytest.mark.parametrize(("days", "passes"), [(LIMIT.days, False), (LIMIT.days - 1, True)])
def test_a_database_that_nobody_renews_fails_with_its_age(
    database: VulnerabilityDatabase, days: int, passes: bool
) -> None:
    """What was found out since is not in it. A weekend is no sign of that."""
    database.age(timedelta(days=days))
    if passes:
        assert judged(database) == 0
    else:
        with pytest.raises(Refusal, match=r"newest entry is 3 days 2 h old, and more than 3 days is too old"):
            judged(database)


def test_an_entry_of_tomorrow_hides_no_age(database: VulnerabilityDatabase) -> None:
    database.age(timedelta(days=-1))
    with pytest.raises(Refusal, match="set this clock"):
        judged(database)


def test_a_database_that_fails_fails(database: VulnerabilityDatabase) -> None:
    database.status = 500
    with pytest.raises(Refusal, match=r"refused to answer: 500 .*run this again later"):
        findings([FLASK], database.api)


def test_a_list_that_is_not_there_fails(database: VulnerabilityDatabase) -> None:
    with pytest.raises(Refusal, match="answered 404"):
        judge(ROOT, database.api, f"{database.address}/elsewhere", datetime.now(UTC))


def test_a_page_of_a_proxy_is_no_answer(database: VulnerabilityDatabase) -> None:
    database.body = b"<html>Please log in</html>"
    with pytest.raises(Refusal, match="no JSON; does a proxy stand in between"):
        findings([FLASK], database.api)
    with pytest.raises(Refusal, match="is no list of `time,id`"):
        judged(database)


def test_an_advisory_that_cannot_be_read_is_not_passed_over(database: VulnerabilityDatabase) -> None:
    """pip-audit warns about a schema that it does not know, and says that nothing was found."""
    database.plant(FLASK, "GHSA-1", "3.2")
    database.known[FLASK][0]["schema_version"] = "2.0.0"
    with pytest.raises(Refusal, match=r"left out what .* said: .*Unsupported OSV schema version: 2\.0\.0"):
        findings([FLASK], database.api)


def test_without_a_network_it_fails_and_says_so(database: VulnerabilityDatabase) -> None:
    """Nobody listens: neither the list nor the answers can be had, and each says which."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(Refusal, match=r"cannot be reached: .*is there a network"):
        judge(ROOT, database.api, f"{nobody}/PyPI/modified_id.csv", datetime.now(UTC))
    with pytest.raises(Refusal, match=r"cannot be reached: .*Connection refused.*is there a network"):
        findings([FLASK], f"{nobody}/v1/query")


def test_an_option_of_pip_audits_that_somebody_left_in_the_environment_changes_nothing(
    database: VulnerabilityDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_AUDIT_OUTPUT", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PIP_AUDIT_FORMAT", "markdown")
    assert findings([FLASK], database.api) == ()


def test_what_has_no_version_cannot_be_asked_about() -> None:
    """pip-audit would skip it, and end with 0."""
    from delivery.advisories.distributions import _pins

    with pytest.raises(Refusal, match="nobody can be asked about it"):
        _pins("flask==3.1.3\nother @ git+https://example.com/other.git@main\n", "uv.lock")


def project(folder: Path, group: str) -> Path:
    """One with a library that comes from a git address, in that group and in the tests', which include it."""
    empty = "".join(f"{name} = []\n" for name in LEFT_OUT)
    other = "" if group == "strategies" else "strategies = []\n"
    (folder / "pyproject.toml").write_text(f"""[project]
name = "small"
version = "1"
requires-python = ">=3.11"
dependencies = ["flask"]

[dependency-groups]
{empty}{other}{group} = ["calm"]
test = [{{ include-group = "{group}" }}]

[tool.uv.sources]
calm = {{ git = "https://example.com/calm.git", rev = "{COMMIT}" }}
""")
    source = f'git = "https://example.com/calm.git?rev={COMMIT}#{COMMIT}"'
    (folder / "uv.lock").write_text(f"""version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "calm"
version = "1"
source = {{ {source} }}

[[package]]
name = "flask"
version = "3.1.3"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://files.pythonhosted.org/f-3.1.3-py3-none-any.whl", hash = "sha256:{"0" * 64}" }}]

[[package]]
name = "small"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "flask" }}]

[package.dev-dependencies]
{group} = [{{ name = "calm" }}]
test = [{{ name = "calm" }}]

[package.metadata.requires-dev]
{other}{group} = [{{ name = "calm" }}]
""")
    for file in PINNED_ELSEWHERE:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("uv==0.13.9\n")
    return folder


def test_a_library_of_strategies_from_an_address_is_told_and_the_others_are_asked_about(
    tmp_path: Path,
) -> None:
    """Its author is its owner, who looks at it; in any group that is the pipeline's nobody would."""
    asked = all_that_count(project(tmp_path, "strategies"))
    assert {one.name for one in asked} == {"flask", "uv"}
    assert without_version(tmp_path) == (f"calm @ git+https://example.com/calm.git@{COMMIT}",)


def test_a_library_from_an_address_in_another_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="nobody can be asked about it"):
        all_that_count(project(tmp_path, "delivery"))


def test_every_group_counts_but_those_that_say_why_not() -> None:
    """What the pipeline runs, it runs with the rights to deploy."""
    assert {"google", "host", "local", "infra", "delivery", "safety", "strategies", "test"} <= set(
        counted_groups(ROOT)
    )
    assert not set(LEFT_OUT) & set(counted_groups(ROOT))


@pytest.mark.parametrize("file", ["nox", "images/application/uv.txt"])
def test_what_is_pinned_outside_the_lock_file_is_asked_about_in_its_own_version(
    tmp_path: Path, file: str
) -> None:
    """It may be another than the lock file's: what starts before that can be read is pinned for itself."""
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE", "nox", "images/application/uv.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    pinned = tmp_path / file
    pinned.write_text(pinned.read_text().replace("uv==", "uv==0.1+other\nuv=="))
    assert Distribution("uv", "0.1+other") in all_that_count(tmp_path)
    assert locked("uv") in all_that_count(tmp_path)


def test_no_version_that_is_known_to_be_vulnerable_is_one_of_ours() -> None:
    """pip-audit refuses a name with two versions."""
    assert not {canary.name for canary, _ in CANARIES} & {one.name for one in all_that_count(ROOT)}


def test_each_version_of_a_distribution_is_asked_about_in_some_round() -> None:
    """uv.lock has one numpy for Python 3.11 and another for those after it; both are asked about."""
    two = [distribution("NumPy", "2.4.6"), distribution("numpy", "2.5.5"), FLASK]
    split = rounds(two)
    assert sorted(sum(split, ())) == sorted(two)
    assert all(len({one.name for one in each}) == len(each) for each in split)
    assert rounds([]) == ()


def written(folder: Path, text: str) -> Path:
    file = folder / "accepted-vulnerabilities.toml"
    file.write_text(text)
    return file


ACCEPTED = (
    '[[accepted]]\npackage = "Flask"\nid = "CVE-1"\nreason = "only its debugger"\nexpires = 2026-02-01\n'
)
TODAY = date(2026, 1, 10)


def test_what_is_accepted_passes_under_any_of_its_names_and_says_until_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = read_accepted(written(tmp_path, ACCEPTED), TODAY)
    assert verdict([Finding(FLASK, ("GHSA-1", "CVE-1"), ())], accepted) == 0
    assert "accepted until 2026-02-01: flask CVE-1 (only its debugger)" in capsys.readouterr().out


def test_what_is_accepted_of_one_distribution_is_not_of_another(tmp_path: Path) -> None:
    accepted = read_accepted(written(tmp_path, ACCEPTED), TODAY)
    with pytest.raises(Refusal, match=r"werkzeug 3\.0: CVE-1"):
        verdict([Finding(Distribution("werkzeug", "3.0"), ("CVE-1",), ())], accepted)


def test_what_is_accepted_and_not_found_any_more_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert verdict([], [Accepted("flask", "CVE-1", "only its debugger", TODAY)]) == 0
    assert "accepts flask CVE-1, which is not found any more; take it out" in capsys.readouterr().out


@pytest.mark.parametrize("today", [date(2026, 2, 1), date(2027, 1, 1)])
def test_what_was_accepted_and_has_expired_fails(tmp_path: Path, today: date) -> None:
    with pytest.raises(Refusal, match=r"flask CVE-1 was accepted until 2026-02-01 .*judge it again"):
        read_accepted(written(tmp_path, ACCEPTED), today)


@pytest.mark.parametrize(
    "text",
    [
        ACCEPTED.replace("only its debugger", " "),
        ACCEPTED.replace("2026-02-01", '"2026-02-01"'),
        ACCEPTED.replace("2026-02-01", "2026-02-01T00:00:00Z"),
        ACCEPTED.replace("2026-02-01", "2029-02-01"),
        ACCEPTED.replace("reason", "because"),
        ACCEPTED.replace("[[accepted]]", "[[acepted]]"),
        "[[accepted",
    ],
)
def test_what_gives_no_reason_or_no_day_or_one_too_far_ahead_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refusal):
        read_accepted(written(tmp_path, text), TODAY)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=2, hours=3), "2 days 3 h"),
        (timedelta(seconds=-9), "0 min"),
    ],
)
def test_an_age_is_told_as_people_do(age: timedelta, words: str) -> None:
    assert told(age) == words


def command(database: VulnerabilityDatabase) -> list[str]:
    return [
        sys.executable,
        "-m",
        "delivery.commands.safety",
        "--api",
        database.api,
        "--list",
        database.listing_address,
    ]


def test_a_source_that_takes_its_time_shows_that_it_goes_on(database: VulnerabilityDatabase) -> None:
    """In a terminal the seconds count; the answer comes only once they were seen to."""
    counted = Event()

    def wait(_: Distribution) -> None:
        counted.wait(120)

    database.before_answer = wait
    ours, theirs = pty.openpty()
    with subprocess.Popen(command(database), cwd=ROOT, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while not re.search(rb"questions . *(\xe2\x80\xa6)? *\d+ s", seen.replace(b"\xe2\x80\xa6", b".")):
            seen += os.read(ours, 4096)
        counted.set()
        assert process.wait(240) == 0
    os.close(ours)


def test_interrupted_it_ends_with_130_and_takes_pip_audit_along(database: VulnerabilityDatabase) -> None:
    asked, never = Event(), Event()

    def wait(_: Distribution) -> None:
        asked.set()
        never.wait(120)

    database.before_answer = wait
    with subprocess.Popen(
        command(database), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert asked.wait(120)
        process.send_signal(signal.SIGTERM)
        # It ends only when nobody holds the pipes any more, pip-audit included.
        _, said = process.communicate(timeout=120)
    never.set()
    assert process.returncode == 130
    assert "interrupted; nothing was changed" in said
