"""`digits learn`: the reader learns from your own digits, and says what that brought."""

from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands import click, options
from digits.commands.tables import table
from digits.errors import DigitsError
from digits.files import display, write_together
from digits.progress import Bar

if TYPE_CHECKING:
    from digits.learning import Learned


@options.command(
    "learn",
    "have the reader learn from your own digits; DIR has a folder of images for each class: 0 to 9, nothing",
    "digits learn my-digits",
)
@options.a_path("folder", metavar="DIR")
@click.option(
    "--output", type=Path, default=Path("mine.onnx"), metavar="FILE", show_default=True, help="Where the model goes."
)
@options.seed()
@options.data_dir()
def command(folder: Path, output: Path, seed: int, data_dir: Path) -> None:
    learn_from(folder, output, seed, data_dir)


def learn_from(folder: Path, output: Path, seed: int, data_dir: Path) -> None:
    """Learn from the digits in `folder`, print what was gained and lost, and write the model if it is better.

    Raises:
        DigitsError: see `read_hand` and `learn`; MNIST is missing; or nothing was gained, and nothing is written.
        OSError: `output` cannot be written.
    """
    if output.suffix != ".onnx":
        raise DigitsError(f"{output} is no exported model's name; allowed: names that end in .onnx")
    from digits.datasets import load_dataset
    from digits.learning import learn
    from digits.reading.hand import read_hand

    own = read_hand(folder)
    mnist = load_dataset("mnist", data_dir).train
    with Bar("steps") as bar:
        learned = learn(own, mnist, seed, lambda done, total: bar.show("Learning", done, total))
    print(_table(learned))
    if not learned.is_better:
        lost = learned.own.after.value > learned.own.before.value
        why = "MNIST's images lose more than 0.1 points" if lost else "nothing is gained on your digits"
        instead = f"Add digits that are misread, or let these vote: digits read --hand {folder}"
        raise DigitsError(f"{why}: {output} was not written. {instead}")
    write_together(output.parent, {output.name: learned.model})
    print(f"Saved {display(output)}. Read with it: digits read --model {display(output)} photo.jpg")


def _table(learned: "Learned") -> str:
    what = {
        "your digits, each while it was left out": learned.own,
        "MNIST's validation images": learned.mnist,
        "what is no digit": learned.nothing,
    }
    rows = [
        [
            name,
            f"{change.before.count:,}",
            f"{change.before.value:.2%}",
            f"{change.after.value:.2%}",
            change.after.interval,
        ]
        for name, change in what.items()
    ]
    return table(rows, ("", "images", "right before", "after", "95% interval"))
