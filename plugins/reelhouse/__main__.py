"""`python -m reelhouse <command>`. Each command is one module of `operating/`, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType

from reelhouse import __version__
from reelhouse.errors import ReelhouseError

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One command: a module `operating/<name>.py` with `add_arguments(parser)` and `run(arguments) -> int`.

    summary   one line for the list of commands
    examples  lines to copy from
    passes    takes words it does not know itself, and what stands behind `--`, as `arguments.more`
    """

    summary: str
    examples: tuple[str, ...]
    passes: bool = False


COMMANDS: dict[str, Command] = {
    "up": Command(
        "start PostgreSQL and Airflow, run today's pipeline, say where to look",
        ("./reelhouse up", "./reelhouse up --detach"),
    ),
    "down": Command("stop what `up --detach` started", ("./reelhouse down",)),
    "status": Command("say what runs and what was loaded last", ("./reelhouse status",)),
    "logs": Command(
        "show what Airflow, PostgreSQL and the steps said", ("./reelhouse logs", "./reelhouse logs scheduler --follow")
    ),
    "run": Command(
        "run one day in this process, without Airflow",
        ("./reelhouse run", "./reelhouse run --data /data/films --day 2021-09-25"),
    ),
    "fetch": Command(
        "bring the providers' public files into a data folder",
        ("./reelhouse fetch --source imdb --accept-licence", "./reelhouse fetch --day 2026-11-21 --data /data/films"),
    ),
    "psql": Command(
        "open PostgreSQL's own client on the warehouse",
        ("./reelhouse psql", "./reelhouse psql -- -Atc 'select count(*) from mart.titles'"),
        passes=True,
    ),
    "links": Command(
        "write which IMDb title each row of a source was linked to",
        ("./reelhouse links --source netflix --out links.csv",),
    ),
    "export": Command(
        "write the tables of the star as Parquet, into a folder or a bucket",
        ("./reelhouse export --out star", "./reelhouse export --out s3://films/star --target redshift"),
    ),
    "explain": Command(
        "say why a row was linked as it was, or why it is not another title",
        (
            "./reelhouse explain 'The Night'",
            "./reelhouse explain 'The Night' --source netflix --year 2021 --not tt0133093",
        ),
    ),
    "recommend": Command(
        "say what to watch beside titles or for viewers, and why",
        (
            "./reelhouse recommend --title Dark --title 'The OA'",
            "./reelhouse recommend --user 7 --user 12 --age 12 --minutes 110 --platform netflix",
            "./reelhouse recommend --user 7 --watched Dark",
        ),
    ),
    "override": Command(
        "decide a link yourself: this pair, not this pair, no match",
        (
            "./reelhouse override add 'The Night' --source netflix --is tt0133093 --why 'same poster'",
            "./reelhouse override list",
            "./reelhouse override remove 3",
        ),
    ),
    "approve": Command(
        "publish a held load all the same; without a load, show those that wait",
        ("./reelhouse approve", "./reelhouse approve 12 --reason 'Netflix lost a licence'"),
    ),
    "reject": Command(
        "end a held load; readers keep what they have",
        ("./reelhouse reject 12 --reason 'the file was cut off'",),
    ),
    "report": Command(
        "write the day's report as one page with pictures",
        ("./reelhouse report", "./reelhouse report --out films.html"),
    ),
    "rollback": Command(
        "let readers see again what they saw with one of the last three loads",
        ("./reelhouse rollback", "./reelhouse rollback --to 12 --reason 'the file of the 6th was another region'"),
    ),
    "backup": Command(
        "keep all of the warehouse as it is now, with roles and grants, in a folder",
        ("./reelhouse backup", "./reelhouse backup /backups/films-monday", "./reelhouse backup --keep 7"),
    ),
    "restore": Command(
        "make the warehouse anew from a backup, verified; overwrites nothing",
        (
            "./reelhouse restore ~/.local/share/reelhouse/backups/warehouse-20261121T000000Z",
            "./reelhouse restore /backups/films-monday --into warehouse_monday",
            "./reelhouse restore /backups/films-monday --check",
        ),
    ),
    "people": Command(
        "let analysts, scientists and auditors in, each by a login of their own",
        ("./reelhouse people add ada --role scientist", "./reelhouse people list", "./reelhouse people remove ada"),
    ),
    "clone": Command(
        "give a scientist a private full copy of the warehouse",
        ("./reelhouse clone ada", "./reelhouse clone ada --replace", "./reelhouse clone ada --drop"),
    ),
    "audit": Command(
        "verify or show who wrote what",
        ("./reelhouse audit verify", "./reelhouse audit show --person ada"),
    ),
    "watchdog": Command(
        "end what people run for longer than they may", ("./reelhouse watchdog", "./reelhouse watchdog --every 10")
    ),
    "evaluate": Command(
        "score the links against labels", ("./reelhouse evaluate matches --labels labels.csv --source netflix",)
    ),
    "editions": Command(
        "say what came, went or was corrected from one edition of a catalogue to another",
        ("./reelhouse editions", "./reelhouse editions --from 2021-01-16 --to 2021-09-25 --json"),
    ),
    "serve": Command(
        "answer apps and people on an address of its own: the API and its pages, without Airflow",
        ("./reelhouse serve", "./reelhouse serve --port 8000 --workers 2"),
    ),
    "keys": Command(
        "make, list and take back keys to the API",
        (
            "./reelhouse keys create 'phone app' --scope read",
            "./reelhouse keys create ann --scope read,review --days 90",
            "./reelhouse keys list",
            "./reelhouse keys revoke 3",
        ),
    ),
    "sample": Command(
        "make the invented sample files anew, or files of any size",
        (
            "./reelhouse sample",
            "./reelhouse sample full --out /data/full --scale 0.1 --day 2",
            "./reelhouse sample viewers --users 10000 --views 100000 --out /data/viewers",
        ),
    ),
    "tidy": Command(
        "remove old files and records, clear dead rows, tell of idle sessions",
        ("./reelhouse tidy --dry-run", "./reelhouse tidy"),
    ),
    "doctor": Command(
        "say what is wrong here and how to mend it",
        (
            "./reelhouse doctor",
            "./reelhouse doctor --security",
            "./reelhouse doctor --dependencies --advisories all.zip",
        ),
    ),
    "sbom": Command(
        "list everything that is installed, as CycloneDX", ("./reelhouse sbom", "./reelhouse sbom --out sbom.json")
    ),
    "test": Command(
        "run the tests on a real PostgreSQL, Airflow and Chromium",
        ("./reelhouse test", "./reelhouse test tests/matching -x", "./reelhouse test --full"),
        passes=True,
    ),
    "soak": Command(
        "load hundreds of generated days under faults, beside a twin that has none",
        (
            "./reelhouse soak --days 20",
            "./reelhouse soak --hours 2",
            "./reelhouse soak --days 300 --seed 7 --out /data/soak",
        ),
    ),
    "bench": Command(
        "measure speed and memory",
        (
            "./reelhouse bench day --json day.json",
            "./reelhouse bench loading --scale 0.01",
            "./reelhouse bench loading --scale 0.1 --only ours,floor,imdb-sqlite --akas",
        ),
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives what the shell sees: 0 done, 1 failed, 2 not understood, 3 held, 4 locked."""
    words = list(sys.argv[1:] if argv is None else argv)
    # Asked to end, leave like after Ctrl-C: through every `finally`, so that the last user stops the server.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    try:
        arguments, module = _parse(words)
        return module.run(arguments)
    except ReelhouseError as error:
        return _fail(words, str(error), error.exit_code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has left (`| head`). Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _fail(words, _obstacle(error) or _unexpected(error), 1)
    except ModuleNotFoundError as error:
        return _fail(words, _package_away(error) or _unexpected(error), 1)
    except MemoryError:
        return _fail(words, "Memory: expected more of it, found none. End other programs, or raise its limit.", 1)
    except Exception as error:
        return _fail(words, _unexpected(error), 1)


def _parse(words: list[str]) -> tuple[argparse.Namespace, ModuleType]:
    behind = words.index("--") if "--" in words else len(words)
    known, more = words[:behind], words[behind + 1 :]
    name = next((word for word in known if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="reelhouse",
        description="A data warehouse of films and series.",
        epilog="Settings are environment variables (REELHOUSE_HOME, REELHOUSE_DATA, …): see README.md.\n"
        "Exit codes: 0 done, 1 failed, 2 not understood, 3 held for a person, 4 locked by another run.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--verbose", action="store_true", help="show where an error comes from")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    module = None
    for each, command in COMMANDS.items():
        subparser = commands.add_parser(each, help=command.summary, allow_abbrev=False)
        if each == name:
            module = importlib.import_module(f"reelhouse.operating.{name}")
            _describe(subparser, command, module)
    arguments, unknown = parser.parse_known_args(known)
    arguments.more = unknown + more
    if arguments.more and not COMMANDS[arguments.command].passes:
        parser.error(f"{arguments.command}: did not expect {' '.join(arguments.more)}")
    return arguments, module


def _describe(parser: argparse.ArgumentParser, command: Command, module: ModuleType) -> None:
    module.add_arguments(parser)
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="show where an error comes from"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = (module.__doc__ or command.summary).strip()
    examples = "\n".join(f"  {example}" for example in command.examples)
    parser.epilog = "\n\n".join(part for part in (parser.epilog, f"examples:\n{examples}") if part)


def _unexpected(error: Exception) -> str:
    return f"unexpected: {type(error).__name__}: {error}\n--verbose shows where."


def _package_away(error: ModuleNotFoundError) -> str | None:
    """What to install, when it is a package of others that is not there."""
    if error.name is None or error.name.partition(".")[0] == "reelhouse":
        return None
    return (
        f"{sys.executable}: expected the package {error.name}, found none. The wheel alone has what the client needs;"
        " pip install 'reelhouse[pipeline]' brings the rest. In a checkout ./reelhouse installs all of it."
    )


def _obstacle(error: OSError) -> str | None:
    from reelhouse.operating import obstacles
    from reelhouse.settings import read_settings

    settings = None
    with suppress(ReelhouseError, OSError):
        settings = read_settings()
    return obstacles.words_of(error, settings)


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _fail(words: list[str], message: str, code: int) -> int:
    if "--verbose" in words:
        import traceback

        traceback.print_exc()
    print(f"reelhouse: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
