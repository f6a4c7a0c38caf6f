"""`digits read`: lines for people, JSON for programs, and pictures of what was read."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands import click, options
from digits.errors import DigitsError
from digits.files import display, expanded, write_together
from digits.progress import Bar

if TYPE_CHECKING:
    from digits.reading.reader import Reader, Trace

STDIN = "-"
_FLAGS = {"as_json": "json", "show_boxes": "show", "show_steps": "explain"}


@options.command(
    "read",
    "read the digits in photographs, scans and drawings; FILE is an image, a folder of them, or - for standard input; "
    "with --output also Parquet, or an address such as s3://bucket/scans",
    "digits read --explain photo.jpg",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--model", type=Path, metavar="FILE", help="An .onnx model. [default: the one that ships]")
@click.option("--hand", type=Path, metavar="DIR", help="Your own digits, CLASS/*.png, that vote with the networks.")
@options.as_json("Print one JSON object a line.")
@click.option("--show", "show_boxes", is_flag=True, help="Write each picture with boxes and digits into DIR/read.")
@click.option("--explain", "show_steps", is_flag=True, help="Write a picture of all steps into DIR/read.")
@click.option(
    "--output", metavar="TABLE", help="Write a row a picture into this .parquet, .csv or .jsonl, on all cores."
)
@click.option(
    "--resume", is_flag=True, help="Go on with an --output that was interrupted, or whose pictures have changed."
)
@options.address("Read for --output")
@options.output_dir()
def command(
    files: Sequence[str],
    model: Path | None,
    hand: Path | None,
    output: str | None,
    resume: bool,
    address: str | None,
    output_dir: Path,
    **flags: bool,
) -> None:
    if output:
        refuse("with --output, which writes a table alone", flags)
        from digits.batch import Batch
        from digits.commands.batch import read_into

        read_into(Batch(files, output, model, hand, resume, address))
    else:
        refuse("without --output, which names the table to write", {"resume": resume, "address": bool(address)})
        from digits.reading.reader import Reader

        read_files(list(expanded(map(Path, files))), Reader(model, hand), output_dir, **flags)


def refuse(where: str, flags: Mapping[str, bool]) -> None:
    """Make sure that no flag is given which does nothing here.

    Raises:
        DigitsError: one is.
    """
    for name, given in flags.items():
        if given:
            raise DigitsError(f"--{_FLAGS.get(name, name)} does nothing {where}. Leave one of the two out")


def read_files(
    files: list[Path],
    reader: "Reader",
    output_dir: Path,
    *,
    as_json: bool = False,
    show_boxes: bool = False,
    show_steps: bool = False,
) -> None:
    """Read each file, and each image in each folder, and print a line for each of its pages; `-` is standard input.

    Args:
        files: pictures, and folders of them.
        reader: that reads them.
        output_dir: pictures go into its sub-folder `read`.
        as_json: print a JSON object a line instead.
        show_boxes: also write each picture with what was read in it.
        show_steps: also write a picture of all steps.

    Raises:
        DigitsError: after all files are done, some could not be read.
    """
    from digits.image_files import read_stream
    from digits.reading.draw import explain, show

    names: set[str] = set()
    failed, pictures = 0, list(_pictures(files))
    with Bar("pictures") as bar:
        for number, path in enumerate(pictures):
            if len(pictures) > 1:
                bar.show("Reading", number, len(pictures), f"{failed} errors")
            try:
                source = read_stream(sys.stdin.buffer, "standard input") if str(path) == STDIN else path
                for trace in reader.traces(source, "standard input"):
                    name = _free_name(_name(path, trace), names)
                    drawn = {f"{name}.png": show(trace)} if show_boxes else {}
                    drawn |= {f"{name}-steps.png": explain(trace)} if show_steps else {}
                    bar.clear()
                    print(json.dumps({"file": str(path), **trace.to_dict()}) if as_json else _line(path, trace))
                    if drawn:
                        write_together(output_dir / "read", drawn)
                        saved = " and ".join(display(output_dir / "read" / one) for one in drawn)
                        print(f"Saved {saved}", file=sys.stderr if as_json else sys.stdout)
            except DigitsError as error:
                failed += 1
                bar.clear()
                if as_json:
                    print(json.dumps({"file": str(path), "error": str(error)}))
                else:
                    print(f"error: {error}", file=sys.stderr)
    if failed:
        raise DigitsError(f"{failed} of {len(pictures)} {'file' if len(pictures) == 1 else 'files'} could not be read")


def _name(path: Path, trace: "Trace") -> str:
    """What a picture of what was read is called, without a suffix."""
    name = "stdin" if str(path) == STDIN else path.stem
    return f"{name}-page{trace.picture.page}" if trace.picture.pages > 1 else name


def _line(path: Path, trace: "Trace") -> str:
    from digits.image_files import is_blank

    reading = trace.reading
    place = f"{path}, page {trace.picture.page}" if trace.picture.pages > 1 else str(path)
    if not reading.text:
        return f"{place}: no digit{', the picture is blank' * is_blank(trace.picture.pixels)}"
    rows = "".join(f"\n    {row}" for row in reading.spaced.split("\n"))
    return f"{place} ({reading.confidence:.1%}){rows}"


def _pictures(files: list[Path]) -> Iterator[Path]:
    """The files, and instead of a folder the images in it, in natural order."""
    from digits.datasets import in_natural_order
    from digits.image_files import PICTURES

    for path in files:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(
            (one for one in path.iterdir() if not one.name.startswith(".")), key=lambda one: in_natural_order(one.name)
        )
        pictures = [one for one in inside if one.is_file() and one.suffix.lower() in PICTURES]
        if not pictures:
            raise DigitsError(f"{path} has no images; allowed: {', '.join(PICTURES)}")
        if others := len(inside) - len(pictures):
            what = "1 other file is no image" if others == 1 else f"{others:,} other files are no images"
            print(f"note: {path}: {what}, and not read", file=sys.stderr)
        yield from pictures


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or with a number if it is taken, which it then is."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free
