"""What every SecretSource owes the gateway's credentials: the newest, and never a word of them to anybody else."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from ib_trading.core.refusals import GatewayNotReady
from ib_trading.schema.credentials import GatewayCredentials
from ib_trading.web.problems import problem_of
from tests.contracts.places import SecretPlace

HIDDEN = "correct horse"
GOOD = GatewayCredentials("trader7", HIDDEN)


def test_credentials_are_read_as_they_were_written(secret_place: SecretPlace) -> None:
    secret_place.write(GatewayCredentials("trader7", 'pä"ss\\wörd').spelled())
    found = secret_place.opened().credentials()
    assert (found.user_name, found.password) == ("trader7", 'pä"ss\\wörd')


def test_a_changed_password_is_read_without_a_restart(secret_place: SecretPlace) -> None:
    secret_place.write(GatewayCredentials("trader7", "old").spelled())
    source = secret_place.opened()
    assert source.credentials().password == "old"
    secret_place.write(GOOD.spelled())
    assert source.credentials().password == HIDDEN


def test_credentials_that_are_not_there_say_what_to_do(secret_place: SecretPlace) -> None:
    with pytest.raises(GatewayNotReady, match="userName") as refused:
        secret_place.opened().credentials()
    assert problem_of(refused.value).status == 503


@pytest.mark.parametrize(
    "payload",
    [
        HIDDEN.encode(),
        f'{{"userName": "trader7", "password": "{HIDDEN}"'.encode(),
        f'{{"userName": "trader7", "pasword": "{HIDDEN}"}}'.encode(),
        f'{{"userName": "", "password": "{HIDDEN}"}}'.encode(),
        f'{{"userName": 7, "password": "{HIDDEN}"}}'.encode(),
        f'["{HIDDEN}"]'.encode(),
        HIDDEN.encode("utf-16"),
    ],
)
def test_credentials_that_cannot_be_read_are_refused_without_repeating_them(
    secret_place: SecretPlace, payload: bytes
) -> None:
    """A JSON decoder's error carries the whole text: a log of it would carry the password."""
    secret_place.write(payload)
    with pytest.raises(GatewayNotReady, match="userName and password") as refused:
        secret_place.opened().credentials()
    shown = "".join(traceback.format_exception(refused.value))
    chain = [refused.value, refused.value.__cause__, refused.value.__context__]
    assert HIDDEN not in shown
    assert HIDDEN not in "".join(str(vars(one)) for one in chain if one is not None)


def test_credentials_show_themselves_to_nobody() -> None:
    assert HIDDEN not in repr(GOOD) + str(GOOD) + f"{GOOD}" + f"{[GOOD]}"
    assert "trader7" not in repr(GOOD)


def test_credentials_are_not_pickled() -> None:
    """Exceptions with their values travel between processes as pickles."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(GOOD)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(GOOD)
