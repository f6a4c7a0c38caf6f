"""The names of the commands. Each is imported when it is asked for, so that `digits --help` answers at once."""

import importlib
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from digits.commands import click, invoke
from digits.console import guarded
from digits.hardware import tune_process

# What each command does, by what one does with it. The command itself is `command` in the file of its name.
GROUPS = {
    "Begin": {
        "download": "get a dataset, checked, into ./mnist_data",
        "train": "train a CNN, evaluate it and save its predictions",
        "visualize": "draw what runs are worth, or what training shows",
        "recipes": "list the recipes, their networks and what they reach",
    },
    "Use": {
        "read": "read the digits in photographs, scans and drawings",
        "review": "check by eye what was read into a table",
        "learn": "have the reader learn from your own digits",
        "serve": "open a page to draw on, to photograph with and to look inside",
        "publish": "write the page as files for any web host",
        "predict": "read digits in MNIST's form with an exported model",
    },
    "Judge": {
        "evaluate": "say in numbers what one run is worth",
        "compare": "say whether one run is better than another",
        "report": "gather numbers and pictures into one page, ./outputs/report.html",
        "tune": "search for a better recipe, on this machine or on a cluster",
        "lockstep": "train both frameworks in step and compare their weights",
    },
    "Carry": {
        "convert": "carry a model from one framework to the other",
        "export": "write a model as an ONNX file, for use without either framework",
        "convert-data": "write a dataset in another form: images, npz, idx or parquet",
    },
}
COMMANDS = {name: what for group in GROUPS.values() for name, what in group.items()}


class Commands(click.RichGroup):
    """The commands by their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"digits.commands.{cmd_name.replace('-', '_')}").command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command that is asked for; where there is none, the error names what is near."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            ctx.fail(f"there is no command {args[0]!r}{f'; did you mean {near[0]!r}?' if near else ''}")
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: Any) -> None:
        """The commands by what one does with them, from the table above: to import them all would take a while."""
        width = max(map(len, COMMANDS))
        lines = [f"Usage: {ctx.command_path} COMMAND …", "", str(self.help)]
        for group, commands in GROUPS.items():
            lines += ["", f"{group}:", *(f"  {name:<{width}}  {what}" for name, what in commands.items())]
        lines += ["", f"{ctx.command_path} COMMAND --help says more of each; --version, which digits this is."]
        click.echo("\n".join(lines))


@click.group(cls=Commands, invoke_without_command=True)
@click.version_option(package_name="digits", message="digits %(version)s")
@click.pass_context
def digits(ctx: click.Context) -> None:
    """Handwritten digits with small CNNs, in PyTorch and in TensorFlow."""
    if ctx.invoked_subcommand is None:
        ctx.get_help()
    elif ctx.invoked_subcommand not in GROUPS["Use"]:  # which need no framework, and give freed memory back
        tune_process()


def main(argv: Sequence[str] | None = None) -> int:
    """The `digits` command. Returns its exit status."""
    return guarded(lambda: invoke(digits, "digits", argv))
