"""The identity with which a person calls a stack's service: a token of its operator account, made for that service.

Decides nothing about what is asked with it. It is kept in memory alone; who may have one is the stack file's
`operators`.
"""

from __future__ import annotations

from delivery.console.refusal import Refusal
from delivery.google.clients import GoogleClients
from delivery.google.errors import may_not_count

API_IS_OFF = "SERVICE_DISABLED"


class NotOperator(Refusal):
    """The caller may not act as the operator account (yet); the text has the remedy."""


def identity_token(clients: GoogleClients, account: str, audience: str) -> str:
    """An OpenID token of `account` for `audience`, the service's address; Google makes it for an hour.

    NotOperator where the caller may not impersonate the account, which Google says with the permission
    iam.serviceAccounts.getOpenIdToken (https://cloud.google.com/iam/docs/service-account-permissions); other errors as
    Google's library raises them. `projects/-`: an account's address names its project.
    """
    from google.api_core import exceptions

    try:
        answer = clients.identities.generate_id_token(
            name=f"projects/-/serviceAccounts/{account}", audience=audience, include_email=True
        )
    except exceptions.Forbidden as error:
        if error.reason == API_IS_OFF or may_not_count(error):
            raise
        raise NotOperator(
            f"you may not act as {account} ({error.message.rstrip('.')}); put user:YOUR-ADDRESS (the one that"
            " `gcloud auth application-default login` takes) under ib-trading:operators in the stack's file, then"
            " `pulumi up`. Google takes some minutes until a new right counts"
        ) from None
    except exceptions.NotFound:
        raise NotOperator(f"there is no account {account}; `pulumi up` makes it") from None
    return answer.token
