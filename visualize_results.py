"""Draw what the runs in ./outputs are worth: confusion matrices, the mistakes, and how the loss fell."""

from digits.cli import add_visualize_flags, script


def main(flags) -> None:
    from digits.evaluation import visualize

    visualize(flags.output_dir, flags.data_dir)


if __name__ == "__main__":
    script(__doc__, add_visualize_flags, main)
