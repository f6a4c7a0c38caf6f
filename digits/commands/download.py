"""`digits download`: gets a dataset, checked."""

import os
from pathlib import Path

from digits.commands import click, options

download_options = options.together(
    [
        options.data_dir(),
        click.option(
            *("--mirror",),
            metavar="FOLDER_OR_URL",
            default=lambda: os.environ.get("DIGITS_MIRROR"),
            help="Has the four files, gzipped or not; tried first. [default: the variable DIGITS_MIRROR]",
        ),
    ]
)


@options.command("download", "get a dataset, checked, into ./mnist_data", "digits download --dataset fashion-mnist")
@options.dataset("mnist or fashion-mnist.")
@download_options
def command(dataset: str, data_dir: Path, mirror: str | None) -> None:
    from digits.datasets import download_dataset

    download_dataset(data_dir, mirror, dataset)
