"""What a person gets who asks for something wrong: a clear refusal before anything is read or traded.

The gateway of these tests does not exist: a request that were read from the broker before it parsed would be a 503.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service import ServiceUnderTest, closed_port


@pytest.fixture
def service(tmp_path: Path) -> ServiceUnderTest:
    return ServiceUnderTest.over(tmp_path, closed_port())


@pytest.mark.parametrize("misspelt", ["dryrun", "dry_run", "DryRun"])
def test_a_misspelt_key_is_refused_and_the_right_one_named(service: ServiceUnderTest, misspelt: str) -> None:
    """A misspelt dryRun once traded for real in a comparable system: an unknown key is a 400, never ignored."""
    reply = service.post("/allocation", {misspelt: True})
    assert reply.status == 400
    assert reply.body["errors"] == [{"path": misspelt, "message": "unknown key; did you mean 'dryRun'?"}]
    assert reply.headers["Content-Type"] == "application/problem+json"


def test_a_dry_run_asked_for_in_the_query_is_refused_not_traded(service: ServiceUnderTest) -> None:
    """What stands where it is not read must not be ignored: this one would have traded for real."""
    reply = service.post("/allocation?dryRun=true")
    assert (reply.status, reply.body["errors"][0]["path"]) == (400, "dryRun")
    assert "say it in the JSON body" in reply.body["detail"]


def test_a_question_takes_no_body_and_no_unknown_key(service: ServiceUnderTest) -> None:
    assert service.get("/summary?strategy=trend").status == 400
    assert service.client.get("/summary", data=b"{}").status_code == 400


def test_a_value_of_the_wrong_type_is_refused_with_its_path(service: ServiceUnderTest) -> None:
    reply = service.post("/allocation", {"dryRun": "yes"})
    assert reply.status == 400
    assert reply.body["errors"] == [{"path": "dryRun", "message": "expected `bool`, got `str`"}]


def test_text_is_not_taken_for_a_boolean_in_a_request(service: ServiceUnderTest) -> None:
    """The stack file may spell true as text, because Pulumi does; a request may not."""
    assert service.post("/allocation", {"dryRun": "true"}).status == 400


def test_an_unknown_strategy_is_refused_by_name(service: ServiceUnderTest) -> None:
    reply = service.post("/allocation", {"strategies": ["trend", "trned"]})
    assert reply.status == 400
    assert reply.body["errors"] == [
        {"path": "strategies[1]", "message": "unknown strategy 'trned'; did you mean 'trend'?"}
    ]


def test_a_strategy_without_exposure_is_refused(tmp_path: Path) -> None:
    stack_file = 'config:\n  ib-trading:trading:\n    exposure: {overall: "1", strategies: {dummy: "1"}}\n'
    service = ServiceUnderTest.over(tmp_path, closed_port(), stack_file=stack_file)
    reply = service.post("/allocation", {"strategies": ["trend"]})
    assert (reply.status, reply.body["errors"][0]["path"]) == (400, "strategies[0]")
    assert "no exposure" in reply.body["detail"]


def test_a_strategy_is_asked_for_by_its_own_name_and_not_by_its_class(tmp_path: Path) -> None:
    strategies = '{macd-fast: {share: "0.5", strategy: trend}}'
    exposure = f'{{overall: "1", strategies: {strategies}}}'
    stack_file = f"config:\n  ib-trading:trading:\n    exposure: {exposure}\n"
    service = ServiceUnderTest.over(tmp_path, closed_port(), stack_file=stack_file)
    reply = service.post("/allocation", {"strategies": ["macd-fats", "trend"]})
    assert [error["message"] for error in reply.body["errors"]] == [
        "unknown strategy 'macd-fats'; did you mean 'macd-fast'?",
        "strategy 'trend' has no exposure; set ib-trading:trading.exposure.strategies",
    ]
    named = service.get("/openapi.json").body["components"]["schemas"]["AllocationRequest"]["properties"]
    [names] = [one["items"]["enum"] for one in named["strategies"]["anyOf"] if one.get("type") == "array"]
    assert names == ["macd-fast"]


def test_a_class_that_is_not_installed_stops_trading_and_the_nearest_is_named(tmp_path: Path) -> None:
    strategies = '{fast: {share: "0.2", strategy: tredn}, dumy: "0.3"}'
    exposure = f'{{overall: "1", strategies: {strategies}}}'
    stack_file = f"config:\n  ib-trading:trading:\n    exposure: {exposure}\n"
    service = ServiceUnderTest.over(tmp_path, closed_port(), stack_file=stack_file)
    reply = service.post("/allocation")
    place = "ib-trading:trading.exposure.strategies"
    assert reply.status == 503
    assert reply.body["detail"] == (
        f"{place}.fast.strategy names tredn, which is not installed; did you mean 'trend'?;"
        f" {place} names dumy, which is not installed; did you mean 'dummy'?"
    )


def test_an_unknown_intent_is_404_and_lists_the_known_ones(service: ServiceUnderTest) -> None:
    reply = service.post("/alocation")
    assert reply.status == 404
    assert "did you mean 'allocation'?" in reply.body["detail"]
    assert "collect-market-data" in reply.body["detail"]


def test_get_never_trades(service: ServiceUnderTest) -> None:
    reply = service.get("/allocation")
    assert reply.status == 405
    assert "POST" in reply.headers["Allow"]


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"dryRun=true", "not JSON"),
        (b'{"dryRun": tru', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[]", "a JSON array"),
        (b"null", "null"),
        (b"7", "a JSON number"),
        (b"[" * 30_000, "not JSON"),
        (b'{"strategies": ["\\ud800"]}', "not JSON"),
        (b'{"dryRun": NaN}', "NaN is not a number"),
        (b'{"dryRun": true, "dryRun": false}', "'dryRun' is there twice"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(
    service: ServiceUnderTest, raw: bytes, complaint: str
) -> None:
    reply = service.post("/allocation", raw=raw)
    assert reply.status == 400
    assert complaint in reply.body["detail"]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b'{"dryRun": true, "dryRun": false}', "dryRun"),
        (
            b'{"orderProperties": {"limitOffsetBps": 1e99999999999999999999}}',
            "orderProperties.limitOffsetBps",
        ),
        (
            b'{"orderProperties": {"limitOffsetBps": "1e99999999999999999999"}}',
            "orderProperties.limitOffsetBps",
        ),
        (b'{"orderProperties": {"limitOffsetBps": 1e999999999999999999}}', "orderProperties.limitOffsetBps"),
        (b'{"orderProperties": {"limitOffsetBps": 1e-999999999999999999}}', "orderProperties.limitOffsetBps"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_of_the_key(
    service: ServiceUnderTest, raw: bytes, path: str
) -> None:
    """A figure beyond all arithmetic is the caller's mistake, too: a 500 would have the scheduler ask again."""
    reply = service.post("/allocation", raw=raw)
    assert reply.status == 400
    assert [error["path"] for error in reply.body["errors"]] == [path]
    assert "not JSON" not in reply.body["detail"]


def test_a_body_of_another_content_type_is_415(service: ServiceUnderTest) -> None:
    assert service.post("/allocation", raw=b"dryRun=1", Content_Type="text/plain").status == 415


def test_a_body_of_a_mebibyte_is_413(service: ServiceUnderTest) -> None:
    assert service.post("/allocation", raw=b" " * 1024 * 1024).status == 413


def test_a_body_just_within_the_limit_is_read(service: ServiceUnderTest) -> None:
    """64 KiB of white space are an empty body; what follows is the missing gateway, not the size."""
    assert service.post("/allocation", raw=b" " * 64 * 1024).status == 503


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"barSize": "1 fortnight"}, "barSize"),
        ({"since": "2019-02-01", "until": "2019-01-01"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"whatToShow": "GOSSIP"}, "whatToShow"),
        ({"instruments": ["AAPL"], "strategies": ["trend"]}, "instruments"),
    ],
)
def test_history_that_cannot_be_asked_for_is_refused(
    service: ServiceUnderTest, body: object, path: str
) -> None:
    reply = service.post("/collect-market-data", body)
    assert (reply.status, reply.body["errors"][0]["path"]) == (400, path)


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "tab\tbed"])
def test_an_unusable_idempotency_key_is_refused(service: ServiceUnderTest, key: str) -> None:
    assert service.post("/allocation", Idempotency_Key=key).status == 400


def test_every_refusal_carries_a_run_id_and_the_mode(service: ServiceUnderTest) -> None:
    reply = service.post("/allocation", {"nonsense": 1})
    assert (reply.body["tradingMode"], len(reply.body["runId"])) == ("paper", 32)


def test_health_touches_nothing(service: ServiceUnderTest) -> None:
    assert service.get("/health").status == 200
    assert not (service.folder / "stores").exists()


@pytest.mark.parametrize(
    ("trading", "named"),
    [
        ('exposure: {strategies: {trend: "1"}}', "exposure"),
        (
            'exposure: {overall: "1", strategies: {trend: "1"}, alowLeverage: true}',
            "did you mean 'allowLeverage'?",
        ),
        (
            'exposure: {overall: "1", strategies: {trend: "1"}}\n    limits: {maxOrders: 3}',
            "limits.maxOrders",
        ),
        ('exposure: {overall: "2", strategies: {trend: "1"}}', "exposure.overall"),
        ("exposure: {overall: 0.5, strategies: {}}", "in quotes"),
    ],
)
def test_a_trading_configuration_that_cannot_be_used_names_key_and_file(
    tmp_path: Path, trading: str, named: str
) -> None:
    stack_file = f"config:\n  ib-trading:trading:\n    {trading}\n"
    service = ServiceUnderTest.over(tmp_path, closed_port(), stack_file=stack_file)
    reply = service.post("/allocation")
    assert reply.status == 503
    assert named in reply.body["detail"]
    assert "Pulumi.paper.yaml" in reply.body["detail"]
    assert service.get("/ready").status == 503
