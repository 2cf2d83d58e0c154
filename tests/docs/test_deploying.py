"""The pages of a deployment promise only what is there: sessions, keys, files, and blocks that are shell scripts."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any, get_origin

import msgspec
import pytest
import yaml

from ib_trading.schema.trading_config import TradingConfig
from infra.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"\./nox -s ([a-z]+(?:-[a-z]+)*)")
KEY = re.compile(r"(?<![/\w])((?:ib-trading|gcp):[A-Za-z][A-Za-z.]*)(?![A-Za-z0-9/])")
LINK = re.compile(r"\]\(([^)#:]+)\)")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def sessions() -> set[str]:
    """The names of noxfile.py's sessions, read and not run."""
    found = set()
    for node in ast.parse(text(ROOT / "noxfile.py")).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in map(ast.unparse, node.decorator_list):
                if decorator.startswith("nox.session"):
                    named = re.search(r"name='([^']+)'", decorator)
                    found.add(named[1] if named else node.name)
    return found


OF_THE_PROVIDER = {"project", "region", "userProjectOverride", "billingProject", "impersonateServiceAccount"}
"""What infra/stack_config.py and infra/caller.py read of the provider's own keys."""


def exists(key: str) -> bool:
    """Whether `ib-trading:a.b` is a key that the program reads, at any depth that has keys of its own."""
    namespace, _, path = key.partition(":")
    if namespace == "gcp":
        return path in OF_THE_PROVIDER
    where: Any = Settings
    for name in path.split("."):
        fields = {field.encode_name: field for field in msgspec.structs.fields(where)}
        if name not in fields:
            return False
        where = TradingConfig if name == "trading" else fields[name].type
        if not (isinstance(where, type) and get_origin(where) is None and issubclass(where, msgspec.Struct)):
            return key.endswith(name)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_session_that_a_page_names_is_there(page: Path) -> None:
    """A command that does not exist is the worst line a page can have: it is read when something is urgent."""
    assert set(SESSION.findall(text(page))) <= sessions()


def test_the_sessions_are_read_where_they_are_defined() -> None:
    assert {"tests", "bootstrap", "infra", "engine", "readme"} <= sessions()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_shell_is_a_shell_script(page: Path) -> None:
    for block in BLOCK.findall(text(page)):
        parsed = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert parsed.returncode == 0, f"{parsed.stderr}\n{block}"


def test_every_key_that_the_page_sets_is_one_that_the_program_reads() -> None:
    declared = yaml.safe_load(text(ROOT / "Pulumi.yaml"))["config"]
    keys = set(KEY.findall(text(DOCS / "deploying.md")))
    assert len(keys) > 10
    for key in keys:
        assert exists(key), key
        assert key.startswith("gcp:") or key.partition(".")[0] in declared, key


@pytest.mark.parametrize(
    "key", ["ib-trading:imagee", "ib-trading:build.bucket", "ib-trading:image.tag", "gcp:zone"]
)
def test_a_key_that_nobody_reads_is_noticed(key: str) -> None:
    assert not exists(key)


def test_what_the_page_has_written_into_a_stack_file_is_yaml_of_known_keys() -> None:
    blocks = YAML.findall(text(DOCS / "deploying.md"))
    assert blocks
    for block in blocks:
        assert all(exists(key) for key in yaml.safe_load(block))


def test_a_setting_inside_another_is_set_by_its_path() -> None:
    """Without --path Pulumi takes the dot for a part of the name, and the program refuses the key."""
    for line in text(DOCS / "deploying.md").splitlines():
        if line.startswith("pulumi config set"):
            [key] = KEY.findall(line)[:1]
            assert ("." in key) == (" --path " in line), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_that_a_page_links_to_is_there(page: Path) -> None:
    for target in LINK.findall(text(page)):
        assert (page.parent / target).exists(), target
