"""The pieces that the full-size files are made of: made-up words and names, ids, years, and the fixed words of IMDb."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import numpy as np

from reelhouse.sampling.pieces import Pieces

# Share of titles, and mean number of principals.
TITLE_TYPES: dict[str, tuple[float, float]] = {
    "tvEpisode": (0.7600, 7.9), "short": (0.0930, 7.4), "movie": (0.0630, 11.0), "video": (0.0270, 7.0),
    "tvSeries": (0.0245, 6.5), "tvMovie": (0.0130, 9.5), "tvMiniSeries": (0.0055, 8.0), "tvSpecial": (0.0046, 6.0),
    "videoGame": (0.0038, 7.0), "tvShort": (0.0009, 5.5), "tvPilot": (0.0047, 4.0),
}  # fmt: skip
# The first four are kept by the staging of principals.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "actor": (), "actress": (), "director": (),
    "writer": ("written by", "screenplay", "created by", "story", "writer", "novel"),
    "producer": ("producer", "executive producer", "line producer", "co-producer"),
    "self": (), "editor": (), "cinematographer": ("director of photography",), "composer": (),
    "casting_director": (), "production_designer": (), "archive_footage": (), "archive_sound": (),
}  # fmt: skip
JOBS = 8
GENRES = (
    "Drama", "Comedy", "Talk-Show", "Short", "Documentary", "News", "Romance", "Family", "Reality-TV", "Animation",
    "Music", "Crime", "Action", "Adventure", "Game-Show", "Sport", "Fantasy", "Mystery", "Horror", "Thriller",
    "History", "Biography", "Sci-Fi", "Musical", "War", "Western",
)  # fmt: skip
PROFESSIONS = (
    "actor", "actress", "miscellaneous", "producer", "writer", "camera_department", "director", "art_department",
    "sound_department", "cinematographer", "editor", "composer", "make_up_department",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
REGIONS = (
    "DE", "JP", "FR", "IN", "ES", "IT", "PT", "US", "GB", "CA", "BR", "MX", "RU", "PL", "TR", "CN", "KR", "XWW",
    "AR", "AU",
)  # fmt: skip
LANGUAGES = ("de", "ja", "fr", "hi", "es", "it", "pt", "en", "\\N", "\\N")
# What breaks a reader that takes the files for CSV or for PostgreSQL's text form.
STRAYS = (
    '"Quoted', 'Half "quote', "ends in backslash\\", "back\\slash", '"All quoted"', "\\", "a\\nb", "it's", "\\Null",
    '100% "real"', "café ☃", "x\\.", "東京", "🎬",
)  # fmt: skip
SCRIPTS = (
    "абвгдежзиклмнопрстуфхцч",
    "あいうえおかきくけこさしすせそ",
    "가나다라마바사아자차카타파하",
    "ابتثجحخدذرزسش",
    "कखगघचछजझटठडढ",
)
ONSETS = (
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "ch", "cr", "dr",
    "fl", "gr", "kr", "pr", "sh", "st", "th", "tr",
)  # fmt: skip
VOWELS = ("a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "ou", "ie")
CODAS = ("", "", "", "n", "r", "s", "l", "t", "m", "nd", "ck", "st")
# What programs write when there is no value is no word of ours.
NO_WORDS = frozenset(("nan", "null", "none"))
ACCENTS = str.maketrans("aeou", "áéöü")
FIRST_YEAR, LAST_YEAR = 1890, 2030
MOST_NUMBER = 10_000


def made_up(seed: int, what: str, count: int, accented: float = 0.04) -> list[str]:
    """So many different words, the first ones short."""
    random, found = Random(f"{seed}|{what}"), {}
    while len(found) < count:
        syllables = 1 + (random.random() < 0.3 + len(found) / count) + (random.random() < len(found) / count / 2)
        word = "".join(random.choice(ONSETS) + random.choice(VOWELS) + random.choice(CODAS) for _ in range(syllables))
        if word not in NO_WORDS:
            found[(word.translate(ACCENTS) if random.random() < accented else word).capitalize()] = None
    return list(found)


def foreign(seed: int, count: int) -> list[str]:
    """Words in other scripts than ours."""
    random = Random(f"{seed}|foreign")
    return ["".join(random.choices(random.choice(SCRIPTS), k=random.randrange(2, 9))) for _ in range(count)]


class Vocabulary:
    """Numbers of the first piece of every kind."""

    words, givens, surnames, foreigns = 40_000, 9_000, 50_000, 4_000
    combinations = 4096

    def __init__(self, seed: int) -> None:
        self.pieces = Pieces()
        self._add_names(seed)
        self._add_numbers()
        self._add_fixed()
        self._add_lists(seed)
        self.pieces.close()

    def _add_names(self, seed: int) -> None:
        add, words = self.pieces.add, made_up(seed, "words", self.words)
        self.word, self.next_word = add(words), add(f" {word}" for word in words)
        givens, surnames = made_up(seed, "givens", self.givens), made_up(seed, "surnames", self.surnames)
        self.given, self.surname = add(givens), add(f" {name}" for name in surnames)
        self.character = add(f'["{name}' for name in givens)
        self.nicknamed = add(f'["\\"Doc\\" {name}' for name in givens)
        self.character_end = add(f' {name}"]\n' for name in surnames)
        self.foreign = add(foreign(seed, self.foreigns))
        self.stray = add(STRAYS)

    def _add_numbers(self) -> None:
        add, below_most = self.pieces.add, range(MOST_NUMBER)
        self.title_id, self.next_title_id = (
            add(f"tt{n:03d}" for n in below_most),
            add(f",tt{n:03d}" for n in below_most),
        )
        self.person_id = add(f"nm{n:03d}" for n in below_most)
        self.next_person_id = add(f",nm{n:03d}" for n in below_most)
        self.id_end, self.id_end_tab = add(f"{n:04d}" for n in below_most), add(f"{n:04d}\t" for n in below_most)
        self.thousands = add(["", *map(str, range(1, MOST_NUMBER))])
        self.units, self.padded = add(f"{n}\n" for n in range(1000)), add(f"{n:03d}\n" for n in range(1000))
        self.ordering = add(f"{n}\t" for n in range(256))
        self.year = add(f"{n}\t" for n in range(FIRST_YEAR, LAST_YEAR + 1))
        self.minutes = add(f"{n}\t" for n in range(1000))
        self.tenths = add(f"{n / 10:.1f}\t" for n in range(101))

    def _add_fixed(self) -> None:
        add = self.pieces.add
        self.tab, self.newline, self.null, self.null_end = add("\t"), add("\n"), add(["\\N\t"]), add(["\\N\n"])
        self.plain_null = add(["\\N"])
        self.title_type = add(f"{name}\t" for name in TITLE_TYPES)
        self.adult = add(["\t0\t", "\t1\t"])
        self.season, self.episode = add(f"Episode #{n}" for n in range(1, 61)), add(f".{n}" for n in range(1, 3001))
        self.day, self.month = add(f"{n} " for n in range(1, 29)), add(f"{name} " for name in MONTHS)
        self.date_year = add(str(n) for n in range(FIRST_YEAR, LAST_YEAR + 1))
        self.sequel = add([f" {n}" for n in range(2, 10)])
        self.junior = add([" Jr."])
        self.himself, self.character_closed = add(['["Self"]\n']), add(['"]\n'])
        self.revised = add(f" {n}" for n in range(1000))
        self.category = add(
            f"{name}\t{job}\t" for name, jobs in CATEGORIES.items() for job in ((*jobs, "\\N", "\\N") * JOBS)[:JOBS]
        )

    def _add_lists(self, seed: int) -> None:
        random, add, many = Random(f"{seed}|lists"), self.pieces.add, range(self.combinations)
        self.genre_lists = [_some(random, GENRES, (5, 45, 33, 17)) for _ in many]
        self.genres = add(f"{genres}\n" for genres in self.genre_lists)
        self.professions = add(f"{_some(random, PROFESSIONS, (19, 55, 18, 8))}\t" for _ in many)
        self.first_aka = add(["\t\\N\t\\N\toriginal\t\\N\t1\n"])
        self.aka = add(_aka_end(random) for _ in many)

    def ids(self, numbers: np.ndarray, first: int, end: int) -> list[np.ndarray]:
        """The two columns that write ids: the first digits after their letters, and the last four."""
        high, low = np.divmod(numbers, MOST_NUMBER)
        return [first + high, end + low]


def _some(random: Random, items: Iterable[str], weights: tuple[int, ...]) -> str:
    """A list of up to three of the items, the first ones likelier; or no value."""
    items = tuple(items)
    count = random.choices(range(len(weights)), weights)[0]
    chosen = dict.fromkeys(items[int(len(items) * random.random() ** 1.8)] for _ in range(count))
    return ",".join(chosen) or "\\N"


def _aka_end(random: Random) -> str:
    types = "imdbDisplay" if random.random() < 0.3 else "\\N"
    attributes = "literal title" if random.random() < 0.005 else "\\N"
    return f"\t{random.choice(REGIONS)}\t{random.choice(LANGUAGES)}\t{types}\t{attributes}\t0\n"
