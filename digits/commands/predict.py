"""`digits predict`: what an exported model says of images in MNIST's form."""

from pathlib import Path

from digits.commands import click, options
from digits.files import expanded


@options.command(
    "predict",
    "read digits in MNIST's form (grey PNG images of 28 x 28 pixels, or .npy or .csv; ink bright on dark) with an "
    "exported model",
    "digits predict outputs/pytorch_model.onnx 7.png",
)
@options.a_path("model")
@options.a_path("files", nargs=-1, required=True)
@click.option(
    "--submission", type=Path, metavar="CSV", help="Write the predictions for Kaggle instead: ImageId,Label, from 1."
)
def command(model: Path, files: tuple[Path, ...], submission: Path | None) -> None:
    from digits.exchange.predictor import predict, submit

    found = list(expanded(files))
    if submission:
        submit(model, found, submission)
        print(f"Saved {submission}")
        return
    for line in predict(model, found):
        print(line)
