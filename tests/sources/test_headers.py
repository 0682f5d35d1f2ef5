"""The contract of a header: by name, all required columns, refused before the first row moves."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
from source_files import BASICS_HEADER, FILM, NETFLIX_HEADER, ROTTEN_HEADER, netflix_bytes, read, source_file

from reelhouse.day import EVERY_SOURCE
from reelhouse.errors import ContractBroken
from reelhouse.sources import SourceFile, files_of
from reelhouse.sources.reading import Header, read_header


def _header(source: str, name: str, line: str | bytes) -> Header:
    data = line if isinstance(line, bytes) else line.encode()
    return read_header(source_file(source, name), io.BytesIO(data + b"\n"))


def test_a_missing_column_is_named_with_what_was_found() -> None:
    with pytest.raises(ContractBroken) as caught:
        _header("netflix", "netflix_titles", NETFLIX_HEADER.replace("date_added", "added_on"))
    message = str(caught.value)
    assert message.startswith("netflix_titles.csv: expected the columns show_id, type, title")
    assert "found show_id, type, title" in message
    assert "added_on" in message
    assert "missing: date_added" in message


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_guessed(mark: str, word: str) -> None:
    with pytest.raises(ContractBroken, match=f"delimited by {word}, not commas"):
        _header("netflix", "netflix_titles", NETFLIX_HEADER.replace(",", mark))


def test_another_delimiter_is_guessed_though_each_name_is_quoted() -> None:
    with pytest.raises(ContractBroken, match="delimited by semicolons, not commas"):
        _header("netflix", "netflix_titles", ";".join(f'"{name}"' for name in NETFLIX_HEADER.split(",")))


def test_lines_that_end_in_cr_alone_are_told_so() -> None:
    with pytest.raises(ContractBroken, match="lines end in CR alone: save it with LF"):
        _header("netflix", "netflix_titles", netflix_bytes({}).replace(b"\n", b"\r"))


def test_an_archive_is_told_what_it_is() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("netflix_titles.csv", netflix_bytes({}))
    with pytest.raises(ContractBroken, match=r"found a zip archive.* Unpack it, or save it"):
        _header("netflix", "netflix_titles", archive.getvalue())


def test_columns_without_a_name_are_left_alone() -> None:
    header = _header("netflix", "netflix_titles", f",{NETFLIX_HEADER},,")
    assert (header.width, header.places["show_id"], header.added) == (15, 1, ("", "", ""))


def test_commas_in_a_tab_separated_file_are_guessed() -> None:
    with pytest.raises(ContractBroken, match="delimited by commas, not tabs"):
        _header("imdb", "title.basics", ",".join(BASICS_HEADER))


def test_a_repeated_column_is_refused() -> None:
    with pytest.raises(ContractBroken, match="each column once, found 'title' repeated"):
        _header("netflix", "netflix_titles", NETFLIX_HEADER + ",title")


def test_added_columns_are_reported() -> None:
    assert _header("netflix", "netflix_titles", NETFLIX_HEADER + ",OTT").added == ("OTT",)
    assert _header("imdb", "title.basics", "\t".join([*BASICS_HEADER, "new"])).added == ("new",)


def test_a_header_that_is_no_text_is_refused() -> None:
    with pytest.raises(ContractBroken, match="header in UTF-8"):
        _header("netflix", "netflix_titles", NETFLIX_HEADER.encode("utf-16"))


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    rows, _, _ = read("netflix", "netflix_titles", b"\xef\xbb\xbf" + netflix_bytes({}))
    assert rows[0].source_id == FILM["show_id"]


def test_reordered_columns_give_the_same_rows() -> None:
    names = sorted(FILM)
    text = ",".join(names) + "\n" + ",".join(f'"{FILM[name]}"' for name in names) + "\n"
    assert (
        read("netflix", "netflix_titles", text.encode())[0] == read("netflix", "netflix_titles", netflix_bytes({}))[0]
    )


def test_the_five_column_cut_of_rotten_tomatoes_is_refused() -> None:
    with pytest.raises(ContractBroken, match="found movie_title, year_released, critic_rating"):
        _header("rotten_tomatoes", "rotten", "movie_title,year_released,critic_rating,audience_rating,genres")


def test_todays_layout_without_its_link_is_not_taken_for_the_old_one() -> None:
    with pytest.raises(ContractBroken, match="missing: rotten_tomatoes_link"):
        _header("rotten_tomatoes", "rotten", ROTTEN_HEADER.replace("rotten_tomatoes_link", "link"))


def test_columns_that_nobody_needs_may_be_gone() -> None:
    header = _header("imdb", "title.principals", "tconst\tordering\tnconst\tcategory\tcharacters")
    assert header.width == 5


EVERY_FILE = [file for source in EVERY_SOURCE for file in files_of(source)]


def _names(file: SourceFile) -> list[str]:
    return [column.written[0] for column in file.layouts[0].columns]


def _mapped(file: SourceFile, names: list[str]) -> Header:
    return read_header(file, io.BytesIO(file.delimiter.join(names).encode() + b"\n"))


@pytest.mark.parametrize("file", EVERY_FILE, ids=lambda file: file.name)
def test_an_added_column_is_reported_when_the_contract_evolves_and_refused_when_it_is_frozen(file: SourceFile) -> None:
    names = ["news", *_names(file)]
    assert _mapped(file, names).added == ("news",)
    frozen = replace(file, contract="freeze")
    with pytest.raises(ContractBroken, match=r"expected no columns but those of its contract .* found 'news' added"):
        _mapped(frozen, names)
    assert _mapped(frozen, names[1:]).added == ()


@pytest.mark.parametrize("contract", ["evolve", "freeze"])
@pytest.mark.parametrize("file", EVERY_FILE, ids=lambda file: file.name)
def test_reordered_columns_are_mapped_by_name(file: SourceFile, contract: str) -> None:
    names = _names(file)
    header = _mapped(replace(file, contract=contract), names[::-1])
    columns = [column.name for column in file.layouts[0].columns]
    assert header.places == {name: len(names) - 1 - place for place, name in enumerate(columns)}


@pytest.mark.parametrize("contract", ["evolve", "freeze"])
@pytest.mark.parametrize("file", EVERY_FILE, ids=lambda file: file.name)
def test_a_removed_or_renamed_column_is_a_named_failure(file: SourceFile, contract: str) -> None:
    names = _names(file)
    place = next(place for place, column in enumerate(file.layouts[0].columns) if column.is_required)
    frozen = replace(file, contract=contract)
    renamed = [*names[:place], "renamed", *names[place + 1 :]]
    for changed in (names[:place] + names[place + 1 :], renamed):
        with pytest.raises(ContractBroken, match=rf"{file.name}: expected the columns .* missing: .*{names[place]}"):
            _mapped(frozen, changed)
