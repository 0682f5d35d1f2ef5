"""Whatever is asked: no server error, no words of the database, every answer as its description says."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving.test_access import SAMPLES

from reelhouse.serving.app import make_app
from reelhouse.serving.settings import ServingSettings

HOSTILE = (
    "' or 1=1 --", "'; drop table warehouse.dim_title; --", '" or ""="', "\\", "%", "_", "%s", "{0}", "$1", "(2)", "&",
    "O'Brien", "<script>alert(1)</script>", "\u202eabc", "😀", "\x00", "..", "null", "NaN", "1e999", "-1", "9" * 40,
    "tt" + "9" * 40, "ﷺ" * 60, "{{7*7}}", "pg_sleep(5)", "x" * 3000,
)  # fmt: skip
TELLING = re.compile(r'psycopg|syntax error|relation "|SQLSTATE|Traceback', re.IGNORECASE)


def operations(served) -> list[tuple[str, str, dict]]:
    schema = served.app.openapi()
    return [
        (method, path, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]


def fill(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: quote(values[found[1]], safe=""), path)


def require_sound(answered, what: object) -> None:
    assert answered.status_code < 500, (what, answered.text[:300])
    assert not TELLING.search(answered.text), (what, answered.text[:300])


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.full)])
def test_no_hostile_text_in_any_parameter_gets_through(served, step: int) -> None:
    """In full every text for every parameter; else every fifth, and for the next parameter others."""
    client = served.client("read write review", raise_server_exceptions=False)
    place = 0
    for method, path, operation in operations(served):
        for parameter in operation.get("parameters", []):
            place += 1
            for text in HOSTILE[place % step :: step]:
                values, query, headers = dict(SAMPLES), {}, {}
                if parameter["in"] == "path":
                    values[parameter["name"]] = text
                elif parameter["in"] == "query":
                    query[parameter["name"]] = text
                else:
                    continue
                answered = client.request(method, fill(path, values), params=query, headers=headers)
                require_sound(answered, (path, parameter["name"], text))


def test_no_hostile_text_in_the_pages_gets_through_or_comes_back_as_markup(served) -> None:
    client = served.client("read", raise_server_exceptions=False)
    for path in ("/", "/suggest", "/people", "/viewers"):
        for name in ("q", "person", "genre", "platform", "year_from", "number"):
            for text in HOSTILE:
                answered = client.get(path, params={name: text})
                require_sound(answered, (path, name, text))
                assert "<script>alert" not in answered.text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200), number=st.integers(-(2**70), 2**70))
def test_any_text_and_number_is_answered(served, text: str, number: int) -> None:
    client = served.client("read", raise_server_exceptions=False)
    text = text.encode("utf-8", "replace").decode()
    require_sound(client.get("/api/v1/movies/search", params={"query": text, "person": text, "limit": number}), text)
    require_sound(client.get("/api/v1/movies/search", params={"query": text}), text)
    require_sound(client.get("/api/v1/movies/suggest", params={"query": text}), text)
    require_sound(client.get("/api/v1/people/search", params={"query": text}), text)
    require_sound(client.get(f"/api/v1/movies/{number}"), number)
    require_sound(client.get(f"/get_recommendation/{quote(text, safe='')}"), text)


@pytest.mark.full
@pytest.mark.parametrize("scopes", ["read", "read write", "read review", "read write review"])
def test_every_answer_is_as_its_description_says(served, scopes: str) -> None:
    """Schemathesis, with all its checks, on everything the description allows and much that it does not."""
    _fuzz(served, scopes, 25)


def test_answers_are_as_their_description_says(served) -> None:
    _fuzz(served, "read", 2)


def _fuzz(served, scopes: str, examples: int) -> None:
    import schemathesis
    from schemathesis.checks import load_all_checks
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

    load_all_checks()
    # An app of its own: whoever asks it for the last time ends it.
    app = make_app(served.dsn, served.settings, ServingSettings(rate=10**6))
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    headers = {"Authorization": f"Bearer {served.keys[scopes]}"}
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case) -> None:
            answered = case.call(headers=headers)
            # No description says which bytes are a source's file, which moment is more than a day from now, or which
            # genres the sources name.
            is_of_data = case.path.endswith(("/files", "/viewing_history")) or (case.query or {}).get("genre")
            excluded = [positive_data_acceptance] if is_of_data else []
            try:
                case.validate_response(answered, excluded_checks=[ignored_auth, *excluded])
            except FailureGroup as failures:
                failures.add_note(f"asked {case.query} {case.headers} {case.body!r}, answered {answered.text}")
                raise

        try:
            ask()
        except FailureGroup as failures:
            wrong += [f"{operation.label}: {each}\n{failures.__notes__[0]}" for each in failures.exceptions]
    assert not wrong, "\n\n".join(wrong)
