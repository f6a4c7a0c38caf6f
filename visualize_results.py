"""Draw what the runs in ./outputs are worth: confusion matrices, the mistakes, and how the loss fell."""

from digits.commands.scripts import click, script
from digits.commands.visualize import folders, show_runs


@click.command("visualize_results.py", help=__doc__)
@folders
def main(data_dir, output_dir):
    show_runs(data_dir, output_dir)


if __name__ == "__main__":
    script(main)
