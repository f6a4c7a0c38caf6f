"""`digits convert-data`: a dataset in another form."""

from pathlib import Path

from digits.commands import click, options


@options.command(
    "convert-data",
    f"write a dataset ({options.OWN}) in another form, into a new folder or, for npz, a new file",
    "digits convert-data mnist my-mnist --to images",
)
@click.argument("source")
@options.a_path("target")
@click.option("--to", type=click.Choice(["images", "npz", "idx", "parquet"]), required=True, help="Form to write.")
@click.option(
    "--label-column",
    metavar="WHICH",
    help="Of a CSV without a header: first or last, or another name in a header.",
)
@options.data_dir()
def command(source: str, target: Path, to: str, label_column: str | None, data_dir: Path) -> None:
    from digits.datasets import load_dataset, write_dataset

    write_dataset(load_dataset(source, data_dir, label_column), target, to)
    print(f"Saved {target}")
