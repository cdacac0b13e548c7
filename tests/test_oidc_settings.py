"""The settings of a login with OpenID Connect: which can work, and what is shown of them."""

import pytest
from pydantic import SecretStr, ValidationError

from app.services.in_force import list_settings
from app.settings import Settings
from tests.oidc_support import CLIENT_ID, SECRET


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"oidc_client_id": ""}, "or neither"),
        ({"oidc_issuer": ""}, "or neither"),
        ({"accounts": False}, "needs STAGELIGHT_ACCOUNTS=true"),
        ({"host": "0.0.0.0"}, "needs STAGELIGHT_PUBLIC_URL"),
        ({"oidc_issuer": "http://login.example"}, "as https://host"),
        ({"oidc_issuer": "https://login.example?a=b"}, "as https://host"),
        ({"oidc_issuer": "https://me:pw@login.example"}, "as https://host"),
        ({"oidc_issuer": "login.example"}, "as https://host"),
        ({"oidc_role": "admin"}, "'viewer' or 'member'"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(given: dict[str, object], words: str) -> None:
    right = {"accounts": True, "oidc_issuer": "https://login.example/", "oidc_client_id": "s"}
    settings = Settings.model_validate(right)
    assert settings.oidc_issuer == "https://login.example/", "tokens repeat it as it is"
    assert settings.oidc_provider == "single sign-on"
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate(right | given)


def test_the_secret_is_shown_to_nobody() -> None:
    given = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr(SECRET)}
    shown = {one.variable: one.value for one in list_settings(Settings().model_copy(update=given))}
    assert shown["STAGELIGHT_OIDC_CLIENT_SECRET"] == "set"
    assert shown["STAGELIGHT_OIDC_CLIENT_ID"] == CLIENT_ID
    assert SECRET not in str(shown)
    assert {one.value for one in list_settings(Settings()) if "OIDC" in one.variable} == {
        "not set",
        "single sign-on",
    }
