"""The commands and their options; what they do stands in the modules beside this one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from saddlesim.cli.exits import exit_codes

app = typer.Typer(
    name="saddlesim",
    help="The saddle-point laboratory: what a saddle does to gradient descent, in numbers and pictures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: importing rich to draw boxes would double the time that --help takes
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Kind(StrEnum):
    """What can be listed."""

    objectives = "objectives"
    optimizers = "optimizers"
    experiments = "experiments"
    scenarios = "scenarios"


class Format(StrEnum):
    """Picture formats."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


ScenarioArguments = Annotated[
    list[str], typer.Argument(help="Scenario files, or names as `list scenarios` shows them.", metavar="SCENARIO...")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", help="Change a value: experiment.n_lanes=500. May be repeated.", metavar="KEY=VALUE"),
]
Reduced = Annotated[bool, typer.Option("--reduced", help="Use the scenario's own small `reduced:` values.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Formats = Annotated[
    list[Format] | None, typer.Option("--format", "-f", help="Picture format; may be repeated. Default: png.")
]


@app.command()
def run(
    scenarios: ScenarioArguments,
    overrides: Overrides = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Worker processes. Default: one a processor.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Parent of the run folders.")] = Path("runs"),
    seed: Annotated[Optional[int], typer.Option("--seed", min=0, help="Seed, in place of the scenario's.")] = None,  # noqa: UP045
    reduced: Reduced = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be computed, and stop.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute anew what is stored.")] = False,
    formats: Formats = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no table.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was computed and what reused.")] = False,
) -> None:
    """Carry out scenarios, or finish interrupted ones.

    Each leaves a folder with manifest, blocks, results, summary and pictures; running it again resumes from the stored blocks.
    Exits with 1 if an expectation fails.
    """
    with exit_codes():
        from saddlesim.cli.running import Options, run_scenarios

        seeded = [*(overrides or []), *([f"seed={seed}"] if seed is not None else [])]
        names = tuple(each.value for each in formats or [Format.png])
        options = Options(seeded, jobs, out, reduced, dry_run, fresh, names, as_json, quiet, verbose)
        raise typer.Exit(run_scenarios(scenarios, options))


@app.command()
def validate(scenarios: ScenarioArguments, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Check scenarios, structure first and then numbers, and run nothing."""
    with exit_codes():
        from saddlesim.cli.listing import validate_scenarios

        validate_scenarios(scenarios, overrides or [], as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    with exit_codes():
        from saddlesim.cli.listing import print_schema

        print_schema()


@app.command("list")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], as_json: AsJson = False) -> None:
    """List what there is to name in a scenario, with its fields."""
    with exit_codes():
        from saddlesim.cli.listing import print_list

        print_list(kind.value, as_json)


@app.command()
def plot(
    run_folder: Annotated[Path, typer.Argument(help="A run folder, or its results.nc.", metavar="RUN")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to put the pictures. Default: the run folder.")
    ] = None,
    formats: Formats = None,
) -> None:
    """Draw a run's pictures again, elsewhere or in another format."""
    with exit_codes():
        from saddlesim.cli.running import plot_run

        plot_run(run_folder, out, tuple(each.value for each in formats or [Format.png]))


@app.command()
def info(as_json: AsJson = False) -> None:
    """Tell versions, libraries and machine: what a bug report needs."""
    with exit_codes():
        from saddlesim.cli.listing import print_info

        print_info(as_json)


def main() -> None:
    """Run the command line."""
    app()
