"""`digits report`: numbers and pictures of the runs in a folder, in one page that needs nothing else."""

from pathlib import Path

from digits.commands import options
from digits.files import display, write_together


@options.command("report", "gather numbers and pictures into one page, ./outputs/report.html", "digits report")
@options.data_dir()
@options.output_dir()
def command(data_dir: Path, output_dir: Path) -> None:
    write_report(data_dir, output_dir)


def write_report(data_dir: Path, output_dir: Path) -> None:
    """Write `report.html` into `output_dir`: every number and picture of the runs in it.

    A backend without predictions is a warning; so is a dataset that cannot be read, without which no images are shown.

    Raises:
        DigitsError: there is no run at all, or one whose files are damaged or do not belong together.
        OSError: the page cannot be written.
    """
    from digits.evaluation.report import REPORT, render
    from digits.evaluation.visualize import load_runs, render_pictures

    runs = load_runs(output_dir)
    page = render(runs, render_pictures(runs, data_dir))
    write_together(output_dir, {REPORT: page.encode()})
    print(f"Saved {display(output_dir)}/{REPORT}")
