"""The page that says what may be asked."""

from __future__ import annotations

from html import unescape


def test_the_page_of_the_api_says_in_words_what_each_endpoint_takes(served) -> None:
    shown = unescape(served.client().get("/docs").text)
    about = {part.partition("</code>")[0]: part for part in shown.split("<b>")[1:] if "</summary>" in part}
    search = next(part for path, part in about.items() if path.endswith("/api/v1/movies/search"))
    for words in (
        "Titles by name, in any language we know them by; slips of the fingers are forgiven.</span></summary>",
        "<code>query</code></td><td>query, needed</td>",
        "rows wanted; whole number from 1 to 100; default 10",
        "amazon, disney, hulu or netflix",
    ):
        assert words in search
    decide = next(part for path, part in about.items() if path.startswith("POST</b> <code>/api/v1/reviews"))
    for name in ("source", "source_id", "verdict", "imdb_id", "why", "title"):
        assert f"<code>{name}</code>" in decide
    assert "this pair or not this pair; or no match" in decide
    send = next(part for path, part in about.items() if path.startswith("POST</b> <code>/api/v1/sources"))
    assert "application/octet-stream" in send
    assert len(about) == sum(len(each) for each in served.app.openapi()["paths"].values())


def test_the_second_page_of_the_earlier_project_leads_to_ours(served) -> None:
    told = served.client().get("/redoc")
    assert (told.status_code, told.headers["location"]) == (303, "/docs")
