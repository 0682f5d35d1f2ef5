"""What answers look like. Unknown is null; nothing is made up, least of all a certification."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

# A decimal of the database as a number of JSON.
Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
# No control characters: the database has no texts with NUL. A pattern, so that the description says it too.
Printable = StringConstraints(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")

EARLIEST_VIEWING = datetime(1900, 1, 1, tzinfo=UTC)


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TitleCard(Model):
    """A title as lists show it."""

    id: str = Field(description="tconst, or the title_key of a title that IMDb does not have", examples=["tt0133093"])
    title_key: int = Field(description="key of the work, everywhere in the warehouse", examples=[133093])
    title: str = Field(examples=["The Matrix"])
    original_title: str | None
    movie_type: str = Field(description="movie, series, short, special", examples=["movie"])
    start_year: int | None = Field(examples=[1999])
    end_year: int | None
    runtime: int | None = Field(description="minutes; of a series, of an episode", examples=[136])
    genres: list[str] = Field(examples=[["Action", "Sci-Fi"]])
    certification: str | None = Field(description="as a source says; null is unknown", examples=["R"])
    least_age: int | None = Field(description="youngest age it is meant for; null is unknown, never 'for all'")
    avg_rating: Number | None = Field(description="IMDb average of votes, of 10", examples=[8.7])
    num_votes: int | None = Field(description="IMDb votes", examples=[2_100_000])
    critics_pct: int | None = Field(description="Rotten Tomatoes: share of critics who liked it")
    critics_count: int | None
    audience_pct: int | None = Field(description="Rotten Tomatoes: share of the audience who liked it")
    audience_count: int | None
    platforms: list[str] = Field(description="whose catalogue has it", examples=[["netflix"]])


class Title(TitleCard):
    """A title with everything known of it."""

    load_id: int | None = Field(description="the load that this answer was read from")
    imdb_id: str | None
    netflix_ids: list[str] = Field(description="show_ids of this edition; never a key across days")
    rotten_tomatoes_id: str | None
    seasons: int | None
    countries: list[str]
    original_language: str | None
    labels: list[str] = Field(description="what else sources file it under")
    is_adult: bool
    is_current: bool
    description: str | None
    synopsis: str | None
    critics_consensus: str | None
    studio: str | None
    weighted_rating: Number | None = Field(description="IMDb average drawn towards 6.5 as by 1,000 votes")
    rating_low: Number | None = Field(description="lower bound of the IMDb average, 95 %")
    rating_high: Number | None
    critics_low_pct: Number | None
    critics_high_pct: Number | None
    audience_low_pct: Number | None
    audience_high_pct: Number | None
    rating_date: date | None = Field(description="since when these scores hold")
    sources: list[str]
    field_sources: dict[str, str] | None = Field(description="which source each field was taken from")


class Reason(Model):
    """One part of a score; the parts add up to it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(examples=["director"])
    value: str | None = Field(default=None, examples=["Lana Wachowski"])
    share: float | None = None


class Recommended(TitleCard):
    """A recommended title, and why."""

    rank: int
    score: float
    score_kind: str = Field(
        description="percentile among all scores, p_like: chance of a like, raw: what its reasons add up to, 1 at most"
    )
    reasons: list[Reason]


class Blended(TitleCard):
    """A title recommended for several others, or for several people at once."""

    rank: int
    score: float = Field(description="what the places on their lists give, added up; of titles, as mart.recommend_for")
    because_of: list[str] = Field(description="titles or viewers that led to it, the strongest first")


class Credit(Model):
    """A person in one role of one title."""

    person_key: int
    id: str = Field(description="nconst, or the person_key of a name that IMDb does not have")
    name: str
    role: str = Field(description="director, writer, actor, actress, cast")
    billing_order: int | None
    characters: list[str]
    is_name_only: bool = Field(description="a name in a catalogue, not one known human being")
    sources: list[str]


class PersonCard(Model):
    """A person as lists show them."""

    id: str = Field(examples=["nm0000206"])
    person_key: int
    name: str = Field(examples=["Keanu Reeves"])
    birth_year: int | None
    death_year: int | None
    professions: list[str]
    is_name_only: bool


class PersonTitle(TitleCard):
    """A title of a person, with what they did in it."""

    roles: list[str]
    characters: list[str]


class PersonPage(PersonCard):
    """A person with their titles, the best known first."""

    load_id: int | None
    title_count: int
    titles: list[PersonTitle]


class Step(Model):
    """From one person to the next, through a title both are in."""

    person_id: str
    name: str
    through_id: str | None = Field(description="the title shared with the person before; null for the first")
    through_title: str | None


class Path(Model):
    load_id: int | None
    steps: list[Step] = Field(description="empty when there is no way of at most six titles")
    length: int | None


class Sentence(Model):
    """One piece of evidence, in words."""

    what: str
    value: str | None
    points: float | None = Field(description="what it adds to the log odds")
    words: str


class EvidenceOfRow(Model):
    """Why a row of a source is, or is not, linked."""

    source: str
    source_id: str
    title: str
    kind: str
    release_year: int | None
    band: str | None = Field(description="match, review, no match")
    probability: float | None
    decided_by: str | None
    sentences: list[Sentence]


class Evidence(Model):
    load_id: int | None
    id: str
    rows: list[EvidenceOfRow]


class Scores(Model):
    """The scores of a title from a day on."""

    day: date
    imdb_rating_of_10: Number | None
    imdb_vote_count: int | None
    critics_pct: int | None
    critics_count: int | None
    audience_pct: int | None
    audience_count: int | None


class Stay(Model):
    """A stay of a title in a platform's catalogue."""

    platform: str
    entered_date: date
    left_date: date | None
    is_entry_stated: bool = Field(description="False: first seen that day, which may be later than it came")


class AsOf(Model):
    """A title as it was on a day."""

    load_id: int | None
    id: str
    title: str
    day: date
    scores: Scores | None
    platforms: list[str]


class History(Model):
    load_id: int | None
    id: str
    scores: list[Scores]
    stays: list[Stay]


class PlatformYear(Model):
    """The answer of prod_per_country, in the words of the project it comes from."""

    pais: str
    anio: int
    pelicula: int


class SourceTrust(Model):
    """How fresh, complete and sure what a source gave is."""

    part: str
    source: str
    file_date: date | None
    stale_days: int | None
    carried_because: str | None
    rows_in: int | None
    rows_staged: int | None
    rows_filtered: int | None
    rows_quarantined: int | None
    rows_duplicate: int | None
    match_rate: Number | None


class LoadOf(Model):
    """One load of the ledger."""

    load_id: int
    part: str
    day: date
    state: str
    reason: str | None
    opened_at: datetime
    published_at: datetime | None


class CheckOf(Model):
    load_id: int
    check_name: str
    severity: str
    rows_found: int


class MatchQuality(Model):
    load_id: int
    day: date
    source: str
    kind: str
    row_count: int
    match_rate: Number
    review_share: Number
    former_match_rate: Number | None


class ReadyOf(Model):
    """When a source or a DAG is done with a day."""

    kind: str = Field(description="source, or dag")
    name: str
    day: date
    state: str = Field(
        description="done, in time, will be missed, missed; unknown without history; open without a time"
    )
    expected_at: datetime | None = Field(description="by how long it took on the days before")
    finished_at: datetime | None
    ready_by: datetime | None = Field(description="by when it is to be: REELHOUSE_READY_BY")


class Trust(Model):
    load_id: int | None
    published_day: date | None
    published_at: datetime | None
    sources: list[SourceTrust]
    loads: list[LoadOf]
    checks: list[CheckOf]
    match_quality: list[MatchQuality]
    ready: list[ReadyOf] = Field(description="of the newest day, each source and DAG")


class Health(Model):
    status: str = Field(
        description="ok; stale: nothing new for two days; held: a load waits for a person; empty: nothing loaded yet"
    )
    load_id: int | None
    published_day: date | None
    hours_since_publish: float | None
    newest_load: LoadOf | None


class QualityOfMethod(Model):
    load_id: int
    day: date
    method: str
    metric: str
    value: float
    limit_value: float | None
    is_ok: bool
    subject_count: int | None
    low: float | None
    high: float | None
    versus_popular: float | None
    versus_popular_low: float | None
    versus_popular_high: float | None
    versus_former: float | None
    versus_former_low: float | None
    versus_former_high: float | None


class Waiting(Model):
    """A row of a source that waits for a person."""

    source: str
    source_id: str
    title: str
    kind: str
    release_year: int | None
    probability: float | None
    candidates: list[str] = Field(description="IMDb ids, likeliest first")


# What stands for a reason: something that is not blank.
REASON = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[!-~\u00a1-\uffff][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Why = Annotated[str, StringConstraints(max_length=1000, pattern=REASON)]
IMDB_ID = r"^tt[0-9]{1,9}$"
ImdbId = Annotated[str, StringConstraints(pattern=IMDB_ID)]


TITLE_ID = r"^(tt[0-9]{1,10}|[0-9]{1,18})$"
PERSON_ID = r"^(nm[0-9]{1,10}|[0-9]{1,18})$"
# patterns -> what people are told that a text should be
PATTERNS = {
    TITLE_ID: "expected a tconst like tt0133093, or a title_key",
    PERSON_ID: "expected an nconst like nm0000206, or a person_key",
    IMDB_ID: "expected a tconst like tt0133093",
    Printable.pattern: "expected text without control characters",
    REASON: "expected words, without control characters",
}


class Decision(Model):
    """What a person says of a row."""

    source: Annotated[str, Printable] = Field(examples=["netflix"], max_length=40)
    source_id: Annotated[str, Printable] = Field(examples=["s1"], max_length=200)
    title: Annotated[str, Printable] | None = Field(
        default=None,
        max_length=10_000,
        description="the row's, as it was shown: ids are renumbered, and another edition may be matched by now",
        examples=["The Matrix"],
    )
    verdict: Literal["this pair", "not this pair", "no match"]
    imdb_id: ImdbId | None = None
    why: Why = Field(examples=["the director told us"])


class PairDecision(Decision):
    """It is, or is not, this title."""

    verdict: Literal["this pair", "not this pair"]
    imdb_id: ImdbId = Field(examples=["tt0133093"])


class NoneDecision(Decision):
    """It is no title of IMDb."""

    verdict: Literal["no match"]
    imdb_id: None = None


class Decided(Model):
    override_id: int
    title: str
    verdict: str
    imdb_id: str | None
    decided_by: str
    words: str = Field(description="from when on it counts")


class Withdrawn(Model):
    override_id: int
    title: str
    words: str


class WrongValue(Model):
    """One value that was not understood."""

    where: str
    expected: str


class ProblemBody(Model):
    """What is answered instead of what was asked for."""

    status: int = Field(examples=[404])
    title: str = Field(examples=["Not found"])
    detail: str
    suggestions: list[str] = []
    wrong: list[WrongValue] = []


class Viewer(Model):
    """A viewer: a number only. Names and years of birth are not known here."""

    id: int
    name: str | None


class ViewerPage(Viewer):
    birth_year: int | None
    viewing_count: int
    rating_count: int


class Viewing(Model):
    """Something a viewer watched."""

    movie_id: str
    title: str
    watch_date: datetime
    watch_duration: int | None = Field(description="minutes; null is not known")


def _until_now(moment: datetime) -> datetime:
    """A moment of which no time zone is said is one in UTC. What is far from now, no client could read again."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EARLIEST_VIEWING <= moment <= datetime.now(UTC) + timedelta(days=1):
        raise ValueError(f"expected a moment from 1900-01-01 to a day from now, in UTC, found {moment.isoformat()}")
    return moment


class NewViewing(Model):
    movie_id: str = Field(pattern=TITLE_ID, examples=["tt0133093"])
    watch_date: Annotated[datetime, AfterValidator(_until_now)] = Field(examples=["2026-01-05T20:15:00Z"])
    watch_duration: int | None = Field(default=None, ge=0, le=1440, examples=[136])


class Changed(Model):
    """What an app that keeps a copy of the catalogue has to do to have today's."""

    load_id: int | None
    since: int
    is_complete: bool = Field(description="False: ask again with `after` for the next titles")
    after: int | None = Field(description="last title_key of this answer")
    changed: list[TitleCard] = Field(description="put these in place of what you have")
    gone: list[int] = Field(description="title_keys to forget")


class Asked(Model):
    """Ids of other sources."""

    imdb: list[Annotated[str, Field(max_length=20), Printable]] = Field(
        default=[], max_length=1000, examples=[["tt0133093"]]
    )
    rotten_tomatoes: list[Annotated[str, Field(max_length=200), Printable]] = Field(default=[], max_length=1000)
    justwatch: list[Annotated[str, Field(max_length=40), Printable]] = Field(default=[], max_length=1000)


class Found(Model):
    """Which title each id is; ids that are none are left out."""

    load_id: int | None
    imdb: dict[str, int]
    rotten_tomatoes: dict[str, int]
    justwatch: dict[str, int]


class Account(Model):
    """What a file that was sent has in it, before anything of it is staged."""

    source: str
    file_name: str
    day: date
    sha256: str
    byte_count: int
    is_new: bool = Field(description="False: in place of one that was there")
    rows_in: int | None = Field(description="records; null is not counted before its day is staged")
    rows_kept: int | None
    rows_filtered: int | None
    rows_quarantined: int | None
    rows_duplicate: int | None


class Received(Model):
    account: Account
    run_id: str | None = Field(description="the run of extract_sources that was started")
    words: str


class FileAccount(Model):
    """What became of the rows of a file in a load."""

    load_id: int
    day: date
    state: str
    file_name: str
    rows_in: int
    rows_staged: int
    rows_filtered: int
    rows_quarantined: int
    rows_duplicate: int
    rows_repaired: int
