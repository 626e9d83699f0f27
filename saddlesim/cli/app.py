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
    ensembles = "ensembles"
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
Trusted = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        help="Import this class of yours and let objectives name it. May be repeated.",
        metavar="MODULE:CLASS",
    ),
]
ObjectiveName = Annotated[
    str | None, typer.Argument(help="An objective, as `list objectives` shows it.", metavar="[NAME]")
]
Text = Annotated[
    str | None, typer.Option("--expression", "-e", help="Your own function in place of NAME.", metavar="TEXT")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", "-p", help="A field of the objective: dimension=3. May be repeated.", metavar="KEY=VALUE"
    ),
]
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
    trust: Trusted = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar, no table.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was computed and what reused.")] = False,
) -> None:
    """Carry out scenarios, or finish interrupted ones.

    Each leaves a folder with manifest, blocks, results, summary and pictures; running it again resumes from the stored blocks.
    Exits with 1 if an expectation fails.
    """
    with exit_codes():
        from saddlesim.cli.loading import trust_classes
        from saddlesim.cli.running import Options, run_scenarios

        trust_classes(trust or [])
        seeded = [*(overrides or []), *([f"seed={seed}"] if seed is not None else [])]
        names = tuple(each.value for each in formats or [Format.png])
        options = Options(seeded, jobs, out, reduced, dry_run, fresh, names, as_json, quiet, verbose)
        raise typer.Exit(run_scenarios(scenarios, options))


@app.command()
def validate(
    scenarios: ScenarioArguments, overrides: Overrides = None, trust: Trusted = None, as_json: AsJson = False
) -> None:
    """Check scenarios, structure first and then numbers, and run nothing."""
    with exit_codes():
        from saddlesim.cli.listing import validate_scenarios
        from saddlesim.cli.loading import trust_classes

        trust_classes(trust or [])
        validate_scenarios(scenarios, overrides or [], as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    with exit_codes():
        from saddlesim.cli.listing import print_schema

        print_schema()


@app.command("list")
def list_(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    dimension: Annotated[
        int | None, typer.Option("--dimension", "-d", min=1, help="Only objectives that there are in this dimension.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what there is to name in a scenario, with its fields."""
    with exit_codes():
        from saddlesim.cli.listing import print_list

        print_list(kind.value, dimension, as_json)


@app.command()
def show(
    name: ObjectiveName = None,
    expression: Text = None,
    parameters: Parameters = None,
    most: Annotated[int, typer.Option("--most", min=0, help="How many critical points to show.")] = 30,
    picture: Annotated[bool, typer.Option("--plot", help="Draw contours and surface, critical points marked.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to put the picture.")] = Path("."),
    formats: Formats = None,
    trust: Trusted = None,
    as_json: AsJson = False,
) -> None:
    """Show an objective: formula, source, domain, and its critical points with value, index and eigenvalues."""
    with exit_codes():
        from saddlesim.cli.loading import make_objective, trust_classes
        from saddlesim.cli.showing import show_objective

        objective = make_objective(name, expression, parameters or [], trust_classes(trust or []))
        names = tuple(each.value for each in formats or [Format.png]) if picture else ()
        show_objective(objective, most, out, names, as_json)


@app.command()
def classify(
    name: ObjectiveName = None,
    box: Annotated[
        str | None,
        typer.Option("--box", "-b", help='Where to look: "-6,6;-6,6". Default: its domain.', metavar="LOW,HIGH;..."),
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="Only test this point: 0.1,2.9", metavar="X,Y,...")] = None,
    find: Annotated[bool, typer.Option("--find", help="Search from --at for the critical point it leads to.")] = False,
    hessian: Annotated[
        str | None, typer.Option("--hessian", help='Only test this symmetric matrix: "2,1;1,-3"', metavar="ROW;ROW;...")
    ] = None,
    expression: Text = None,
    variables: Annotated[
        str | None, typer.Option("--variables", help="The names of the expression's variables: x,y", metavar="NAME,...")
    ] = None,
    parameters: Parameters = None,
    max_boxes: Annotated[
        int, typer.Option("--max-boxes", min=1, help="After how many boxes to stop, with a partial answer.")
    ] = 2_000_000,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.001, help="After what time to stop, with a partial answer.")
    ] = 60.0,
    searched: Annotated[
        bool | None,
        typer.Option(
            "--search/--prove",
            help="Search from many starts, without proof, or prove. Default: prove what has a text of at most 6 variables.",
            show_default=False,
        ),
    ] = None,
    starts: Annotated[int, typer.Option("--starts", min=1, help="How many starts a search has.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of a search's starts.")] = 0,
    most: Annotated[int, typer.Option("--most", min=0, help="How many critical points to show.")] = 30,
    picture: Annotated[
        bool, typer.Option("--plot", help="Draw the points on a map, or f along each eigenvector at --at.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where to put pictures.")] = Path("."),
    formats: Formats = None,
    trust: Trusted = None,
    as_json: AsJson = False,
) -> None:
    """Find all critical points in a box and prove them: where they are, that there are no others, and their Morse index.

    What has no expression, or many variables, is searched instead, without proof.
    With --at, put the Hessian test to one point; with --hessian, to a bare matrix.
    """
    with exit_codes():
        from saddlesim.cli.classifying import classify_hessian, classify_point
        from saddlesim.cli.exits import UsageError
        from saddlesim.cli.loading import make_folder, make_objective, trust_classes
        from saddlesim.cli.output import Output
        from saddlesim.cli.proving import can_be_proved, classify_box
        from saddlesim.cli.searching import search_box

        names = tuple(each.value for each in formats or [Format.png]) if picture else ()
        output = Output(as_json, out, names, most)
        if hessian is not None:
            if name or expression or at or box or find or variables or parameters or trust or searched is not None:
                raise UsageError(
                    "--hessian is a matrix by itself; leave out the objective, and what says where and how to look"
                )
            if picture:
                make_folder(out)
            classify_hessian(hessian, output)
            return
        if at is not None and (box is not None or searched is not None):
            raise UsageError("--at tests one point; leave out --box, --search and --prove, which look at a whole box")
        if find and at is None:
            raise UsageError("--find starts at a point; give it with --at")
        if formats and not picture:
            raise UsageError("--format is of pictures; ask for them with --plot")
        if variables is not None and expression is None:
            raise UsageError("--variables names those of an --expression; leave it out")
        given = [*(parameters or []), *([f"variables=[{variables}]"] if variables else [])]
        objective = make_objective(name, expression, given, trust_classes(trust or []))
        if picture:
            make_folder(out)
        if at is not None:
            classify_point(objective, at, find, output)
        elif searched or (searched is None and not can_be_proved(objective)):
            search_box(objective, box, starts, seconds, seed, output)
        else:
            classify_box(objective, box, max_boxes, seconds, output)


@app.command()
def atlas(
    names: Annotated[
        list[str] | None, typer.Argument(help="Objectives; all of the library by default.", metavar="[NAME]...")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")] = Path("atlas"),
    max_boxes: Annotated[
        int,
        typer.Option("--max-boxes", min=1, help="After how many boxes to stop with each, leaving the rest unresolved."),
    ] = 300_000,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No line for each objective.")] = False,
) -> None:
    """Prove the critical points of the whole library, as far as that goes, and hold published claims against them.

    Writes atlas.json, one page for each objective, index.md and errata.md.
    """
    with exit_codes():
        from saddlesim.cli.charting import write_atlas

        write_atlas(names or [], out, max_boxes, jobs, quiet)


@app.command()
def plot(
    run_folder: Annotated[Path, typer.Argument(help="A run folder, or its results.nc.", metavar="RUN")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where to put the pictures. Default: the run folder.")
    ] = None,
    formats: Formats = None,
    trust: Trusted = None,
) -> None:
    """Draw a run's pictures again, elsewhere or in another format."""
    with exit_codes():
        from saddlesim.cli.loading import trust_classes
        from saddlesim.cli.running import plot_run

        trust_classes(trust or [])
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
