"""What a stack file says of strategies is judged before anything is built, copied or deployed; a way back is not."""

from __future__ import annotations

import pytest

from tests.delivery.deployments.site import Site

TRADING = "ib-trading:trading"
HALF_DONE = "app/ib_trading/strategies/half_done.py"


def configure(site: Site, stack: str, **strategies: object) -> None:
    site.checkout.configure(stack, {TRADING: {"exposure": {"overall": "0.5", "strategies": strategies}}})


def macd(**parameters: object) -> dict[str, object]:
    return {"share": "0.1", "strategy": "macd_hedge", "parameters": parameters}


def leave_half_done(site: Site) -> None:
    """A module that somebody is writing."""
    (site.checkout.project / HALF_DONE).write_text("import pandas\n\nfrom ib_trading import no_such_thing\n")


@pytest.mark.parametrize(
    ("configured", "says"),
    [
        (
            {"trendd": "0.1"},
            "exposure.strategies names trendd, which is not installed; did you mean 'trend'?",
        ),
        ({"m": macd(fsat=8)}, "exposure.strategies.m has parameters that do not fit: fsat: unknown key"),
        (
            {"m": macd(fast=1)},
            "exposure.strategies.m has parameters that do not fit: fast: expected `int` >= 2",
        ),
    ],
    ids=["no such strategy", "no such parameter", "out of bounds"],
)
def test_what_the_strategies_do_not_take_is_refused_before_the_image_is_built(
    empty: Site, configured: dict[str, object], says: str
) -> None:
    """Nothing was pushed, so that the session would build; it names file, path and remedy instead."""
    configure(empty, "paper", **configured)
    run = empty.session("deploy", "paper", "--yes")
    assert run.code == 1
    assert f"nothing was built or deployed:\nPulumi.paper.yaml: {TRADING}.{says}" in run.text
    assert "is built" not in run.text and "Builds" not in run.text
    assert not empty.world.calls("create") and not empty.written("paper")


def test_what_is_encrypted_is_judged_too(empty: Site) -> None:
    """Only Pulumi can read the section then, and it is asked."""
    empty.push("paper", "first")
    configure(empty, "paper", m=macd(slow="long"))
    secret = ("--secret", "--path", f"{TRADING}.account", "DU1234567", "--stack", "paper")
    empty.checkout.done("config", "set", *secret)
    assert "secure" in empty.checkout.stack_config("paper")[TRADING]["account"]
    run = empty.session("deploy", "paper", "--yes")
    assert run.code == 1
    assert "parameters that do not fit: slow: expected `int`, got `str`" in run.text
    assert "DU1234567" not in run.text
    assert not empty.serves("paper")


def test_live_is_judged_by_its_own_file_before_anything_is_copied(paper: Site) -> None:
    configure(paper, "live", trend="0.5", twend="0.1")
    run = paper.session("promote", "--yes")
    assert run.code == 1
    assert f"Pulumi.live.yaml: {TRADING}.exposure.strategies names twend" in run.text
    assert paper.tags("live") == {}


def test_a_module_that_does_not_import_stops_a_deployment_and_no_way_back(paper: Site) -> None:
    """File and line are told. What a deployment goes back to was built before that module was, and may be urgent."""
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    assert paper.session("deploy", "paper", "--yes", "--wait", "20").code == 0
    leave_half_done(paper)
    paper.push("paper", "third")
    run = paper.session("deploy", "paper", "--yes")
    assert run.code == 1
    assert "ib_trading.strategies.half_done could not be imported: it raised ImportError" in run.text
    assert f'{HALF_DONE}", line 3' in run.text
    assert paper.serves("paper") == second
    run = paper.session("rollback", "paper", "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first


def test_a_digest_that_worked_before_is_a_way_back_and_what_serves_is_none(paper: Site) -> None:
    first = paper.serves("paper")
    second = paper.push("paper", "second")
    assert paper.session("deploy", "paper", "--yes", "--wait", "20").code == 0
    leave_half_done(paper)
    run = paper.session("deploy", "paper", "--image", second, "--yes", "--wait", "20")
    assert run.code == 1 and "half_done could not be imported" in run.text
    run = paper.session("deploy", "paper", "--image", first, "--yes", "--wait", "20")
    assert run.code == 0, run.text
    assert paper.serves("paper") == first
