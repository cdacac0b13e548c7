"""Requests that the API's own schema allows, and some that it does not: none may fail here."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.rights import right_of
from app.services.api_tokens import PREFIX
from app.services.asker import Right
from app.services.views import ErrorBody
from tests.conftest import serving
from tests.rights.row import PROGRAM_TOKEN
from tests.rights.team import renew

EXAMPLES = 25  # of each operation, in each mode
HEAD_BYTES = 50_000  # a head past 64 KiB is not read to its end
ADMIN = {"Authorization": f"Bearer {PREFIX}{PROGRAM_TOKEN}"}
CHECKS = [not_a_server_error, content_type_conformance, status_code_conformance]

# Always the same requests: what fails once fails again.
tried = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.full


@pytest.mark.parametrize("mode", GenerationMode)
def test_an_operation_answers_as_its_schema_says(
    mode: GenerationMode, team: FastAPI, world: Path, subtests: pytest.Subtests
) -> None:
    with serving(team) as url:
        for operation in operations(team):
            # A stream's schema is that of its text; what is checked against it were its events.
            is_stream = operation.label.endswith("/events")
            checks = CHECKS if is_stream else [*CHECKS, response_schema_conformance]
            with subtests.test(operation.label):
                check(operation, mode, url, checks)
            renew(team, world)


def check(operation: Any, mode: GenerationMode, url: str, checks: list[Any]) -> None:
    """Send what can be said of an operation in this mode."""

    @tried
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_one(case: Any) -> None:
        assume(len(quote(str(case.query))) < HEAD_BYTES)
        answer = case.call(base_url=url, headers=ADMIN)
        case.validate_response(answer, checks=checks)
        if answer.status_code >= 400:
            ErrorBody.model_validate_json(answer.content)

    # What takes anything, or nothing, cannot be asked wrongly.
    with suppress(*[Unsatisfiable] if mode is GenerationMode.NEGATIVE else []):
        try_one()


def test_nobody_gets_anything_out_of_it(team: FastAPI, subtests: pytest.Subtests) -> None:
    with serving(team) as url:
        for operation in operations(team):
            right = right_of(operation.method.upper(), operation.path)
            with subtests.test(operation.label):
                check_for_nobody(operation, url, public=right is Right.PUBLIC)


def check_for_nobody(operation: Any, url: str, *, public: bool) -> None:
    """Send what is right, without a login."""

    @tried
    @given(case=operation.as_strategy())
    def try_one(case: Any) -> None:
        answer = case.call(base_url=url, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == (200 if public else 401)
        if not public:
            assert ErrorBody.model_validate_json(answer.content).error.code == "login_needed"

    try_one()


def operations(app: FastAPI) -> Iterator[Any]:
    """Each operation of the schema."""
    for one in schemathesis.openapi.from_dict(app.openapi()).get_all_operations():
        assert isinstance(one, Ok), one
        yield one.ok()
