"""The command line: parses and delegates. Imports late, so that `digits --help` answers at once."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from digits.errors import DigitsError
from digits.recipes import LIMITS, RECIPES, SCHEDULES, Recipe

if TYPE_CHECKING:
    from digits.training import Settings


_BACKENDS = ["pytorch", "tensorflow"]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}. See: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """The `digits` command. Returns its exit status."""
    parser = _Parser(prog="digits", description="Handwritten digits with small CNNs, in PyTorch and in TensorFlow.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, description, add_flags, run in [
        ("download", "get a dataset, checked, into ./mnist_data", _add_download_flags, _download),
        ("train", "train a CNN, evaluate it and save its predictions", _add_train_flags, _train),
        ("visualize", "draw what runs are worth, or what augmentation does", _add_visualize_flags, _visualize),
        ("recipes", "list the recipes, their networks and what they reach", lambda parser: None, _recipes),
        ("convert", "carry a model from one framework to the other", _add_convert_flags, _convert),
        ("export", "write a model as an ONNX file, for use without either framework", _add_export_flags, _export),
        ("read", "read the digits in photographs, scans and drawings", _add_read_flags, _read),
        ("predict", "read digits in MNIST's form with an exported model", _add_predict_flags, _predict),
        ("lockstep", "train both frameworks in step and compare their weights", _add_lockstep_flags, _lockstep),
        ("evaluate", "say in numbers what one run is worth", _add_evaluate_flags, _evaluate),
        ("compare", "say whether one run is better than another", _add_compare_flags, _compare),
        ("report", "gather numbers and pictures into one page, ./outputs/report.html", add_visualize_flags, _report),
    ]:
        command = commands.add_parser(name, help=description, description=f"{description[0].upper()}{description[1:]}.")
        add_flags(command)
        command.set_defaults(run=run)
    flags = parser.parse_args(argv)
    return guarded(lambda: flags.run(flags))


def script(description: str, add_flags: Callable[[argparse.ArgumentParser], None], run: Callable) -> None:
    """Run one of the scripts at the project's root: parse its flags, call `run(flags)`, exit."""
    parser = _Parser(description=description)
    add_flags(parser)
    flags = parser.parse_args()
    sys.exit(guarded(lambda: run(flags)))


def training_script(backend: str, run: Callable, *, seed: int, **numbers: float) -> None:
    """Run `mnist_{backend}.py`: flags change the numbers at its top, fields of the baseline; `run` takes `Settings`."""
    baseline = replace(RECIPES["baseline"], **numbers)  # type: ignore[arg-type]
    script(
        f"Train a small CNN on MNIST with {backend}.",
        lambda parser: add_training_flags(parser, {**RECIPES, "baseline": baseline}, seed),
        lambda flags: run(_settings(backend, flags)),
    )


def guarded(action: Callable[[], object]) -> int:
    """Call `action`; what a user can put right becomes one line on stderr. Returns the exit status."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a pipe gets each line at once, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and so cleans up on the way
    try:
        action()
    except DigitsError as error:
        return _fail(str(error))
    except BrokenPipeError:  # the reader of our output, say `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return _fail("interrupted; earlier outputs are as they were", 128 + signal.SIGINT)
    return 0


def _fail(message: str, status: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def add_download_flags(parser: argparse.ArgumentParser) -> None:
    _add_data_dir(parser)
    parser.add_argument(
        "--mirror",
        metavar="FOLDER_OR_URL",
        default=os.environ.get("DIGITS_MIRROR"),
        help="has the four files, gzipped or not; tried first (default: the variable DIGITS_MIRROR)",
    )


def _add_download_flags(parser: argparse.ArgumentParser) -> None:
    _add_dataset(parser, "mnist or fashion-mnist (default: %(default)s)")
    add_download_flags(parser)


RECIPE_FLAGS = {  # fields of `Recipe` and of `Augmentation`: what --help says of them
    "architecture": "which network",
    "epochs": "passes over the training images",
    "batch_size": "images a step",
    "learning_rate": "step size of Adam, the largest one where a schedule changes it",
    "schedule": "how the learning rate goes",
    "warmup": "share of the steps on which one-cycle goes up",
    "beta_1": "decay of Adam's first moment",
    "beta_2": "decay of Adam's second moment",
    "epsilon": "added to the root of Adam's second moment",
    "dropout": "share of hidden units that a step ignores",
    "label_smoothing": "share of the target that is spread over all classes",
    "averaging": "average the weights over the steps, each of which keeps this share",
    "refinement": "share of the epochs, the last ones, without augmentation",
    "validation": "share of the training images kept back to choose the best epoch by",
    "patience": "stop after so many epochs without a better validation loss",
    "ensemble": "how many networks to train and to average",
    "rotation": "augmentation: degrees either way",
    "scale": "augmentation: share by which a digit grows or shrinks",
    "shear": "augmentation: degrees by which it leans",
    "shift": "augmentation: pixels along each axis",
    "elastic": "augmentation: pixels by which it is bent",
    "thickness": "augmentation: share of the way to strokes two pixels thicker, or thinner",
    "contrast": "augmentation: share by which ink becomes brighter or fainter",
    "blur": "augmentation: share of the way to a blurred image",
}
CHOICES = {"architecture": sorted({recipe.architecture for recipe in RECIPES.values()}), "schedule": SCHEDULES}


def add_training_flags(parser: argparse.ArgumentParser, recipes: Mapping[str, Recipe], seed: int) -> None:
    _add_recipe_flags(parser.add_argument_group("what is trained, and how"), recipes, "baseline", RECIPE_FLAGS)
    parser.add_argument("--seed", type=int, default=seed, metavar="N", help="of all randomness (default: %(default)s)")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "cuda", "mps"], default="auto", help="where to train (default: %(default)s)"
    )
    parser.add_argument(
        "--precision",
        choices=["auto", "float32", "bfloat16"],
        default="auto",
        help="arithmetic of training; auto is bfloat16 where the hardware has it (default: %(default)s)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on after the last complete epoch of a run that was interrupted"
    )
    parser.add_argument(
        "--metrics", choices=["tensorboard"], help="write event files for TensorBoard into the output folder"
    )
    _add_dataset(parser, "mnist, fashion-mnist or the path of your own data (default: %(default)s)")
    _add_data_dir(parser)
    _add_output_dir(parser)


def _add_recipe_flags(
    group: argparse._ActionsContainer, recipes: Mapping[str, Recipe], default: str, changeable: Collection[str]
) -> None:
    group.add_argument(
        "--recipe",
        choices=recipes,
        default=default,
        help="digits recipes lists them; the flags below change a recipe (default: %(default)s)",
    )
    group.set_defaults(recipes=recipes)
    usual = asdict(recipes[default])
    for name, value in {**usual, **usual["augmentation"]}.items():
        if name in changeable:
            kind = float if name in LIMITS else type(value)
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=kind,
                choices=CHOICES.get(name),
                metavar=None if name in CHOICES else "N" if kind is int else "X",
                help=f"{RECIPE_FLAGS[name]} ({default}: {value})",
            )


def _add_train_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backend", choices=_BACKENDS)
    add_training_flags(parser, RECIPES, seed=0)


def add_visualize_flags(parser: argparse.ArgumentParser) -> None:
    _add_data_dir(parser)
    _add_output_dir(parser)


def _add_visualize_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=["runs", "augmentation"], default="runs", help="(default: runs)")
    add_visualize_flags(parser)
    group = parser.add_argument_group("of augmentation only")
    group.add_argument("--backend", choices=_BACKENDS, default="pytorch", help="which framework's (default: pytorch)")
    _add_dataset(group, "mnist, fashion-mnist or the path of your own data (default: %(default)s)")
    _add_recipe_flags(group, RECIPES, "deep", LIMITS)


def _add_evaluate_flags(parser: argparse.ArgumentParser) -> None:
    _add_run(parser, "file")
    _add_json(parser)
    _add_data_dir(parser)


def _add_compare_flags(parser: argparse.ArgumentParser) -> None:
    _add_run(parser, "a")
    _add_run(parser, "b")
    _add_json(parser)
    _add_data_dir(parser)


def _add_run(parser: argparse.ArgumentParser, name: str) -> None:
    help_ = "a file of a run, such as outputs/pytorch_preds.npy, or a model (.safetensors, .keras, .onnx)"
    parser.add_argument(name, type=Path, metavar=name.upper(), help=help_)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def _add_convert_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="a .safetensors or .keras model")
    parser.add_argument("target", type=Path, help="the other kind, made or replaced")


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .safetensors or .keras model")
    parser.add_argument("--to", choices=["onnx"], default="onnx", help="format (default: %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="(default: beside the model, ending in .onnx)")


def _add_predict_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="an .onnx model")
    parser.add_argument(
        "files", type=Path, nargs="+", help="grey PNG images of 28 x 28 pixels, or .npy arrays; ink bright on dark"
    )


def _add_read_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="an image, a folder of them, or - for standard input"
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="an .onnx model (default: the newest one in the output folder)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--show", action="store_true", help="write each picture with boxes and digits into DIR/read")
    parser.add_argument("--explain", action="store_true", help="write a picture of all steps into DIR/read")
    _add_output_dir(parser)


def _add_lockstep_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", choices=RECIPES, default="baseline", help="(default: %(default)s)")
    parser.add_argument("--steps", type=int, default=200, metavar="N", help="in each precision (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of weights and order (default: %(default)s)")
    _add_data_dir(parser)
    _add_output_dir(parser)


def _add_dataset(parser: argparse._ActionsContainer, what: str) -> None:
    parser.add_argument("--dataset", default="mnist", metavar="NAME", help=what)


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir", type=Path, default=Path("mnist_data"), metavar="DIR", help="folder of the dataset (./%(default)s)"
    )


def _add_output_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output-dir", type=Path, default=Path("outputs"), metavar="DIR", help="folder of the runs (./%(default)s)"
    )


def _settings(backend: str, flags: argparse.Namespace) -> "Settings":
    from digits.datasets import full_name
    from digits.training import Settings

    return Settings(
        backend,
        _recipe(flags),
        seed=flags.seed,
        device=flags.device,
        precision=flags.precision,
        data_dir=flags.data_dir,
        output_dir=flags.output_dir,
        resume=flags.resume,
        dataset=full_name(flags.dataset),
        tensorboard=flags.metrics == "tensorboard",
    )


def _recipe(flags: argparse.Namespace) -> Recipe:
    """The chosen recipe, changed by the flags that were given."""
    recipe: Recipe = flags.recipes[flags.recipe]
    given = {name: value for name in RECIPE_FLAGS if (value := getattr(flags, name, None)) is not None}
    bending = {name: given.pop(name) for name in asdict(recipe.augmentation) if name in given}
    return replace(recipe, augmentation=replace(recipe.augmentation, **bending), **given)


def _download(flags: argparse.Namespace) -> None:
    from digits.datasets import download_dataset

    download_dataset(flags.data_dir, flags.mirror, flags.dataset)


def _train(flags: argparse.Namespace) -> None:
    from digits import training

    training.run(_settings(flags.backend, flags))


def _visualize(flags: argparse.Namespace) -> None:
    if flags.what == "augmentation":
        from digits.datasets import full_name
        from digits.training.preview import show_augmentation

        show_augmentation(_recipe(flags), flags.backend, full_name(flags.dataset), flags.data_dir, flags.output_dir)
        return
    from digits.evaluation import visualize

    visualize(flags.output_dir, flags.data_dir)


def _recipes(flags: argparse.Namespace) -> None:
    from digits.recipes.measured import table

    print(table())


def _evaluate(flags: argparse.Namespace) -> None:
    from digits.evaluation import evaluate
    from digits.runs.answers import open_answers

    evaluate(open_answers(flags.file, flags.data_dir), flags.json)


def _compare(flags: argparse.Namespace) -> None:
    from digits.evaluation import compare
    from digits.runs.answers import open_answers

    a, b = (open_answers(path, flags.data_dir) for path in (flags.a, flags.b))
    compare(flags.a, a, flags.b, b, flags.json)


def _report(flags: argparse.Namespace) -> None:
    from digits.evaluation import report

    report(flags.output_dir, flags.data_dir)


def _convert(flags: argparse.Namespace) -> None:
    from digits.models.convert import convert

    convert(flags.source, flags.target)
    print(f"Saved {flags.target}")


def _export(flags: argparse.Namespace) -> None:
    from digits.models.export import export

    target = flags.output or flags.model.with_suffix(".onnx")
    export(flags.model, target)
    print(f"Saved {target}")


def _predict(flags: argparse.Namespace) -> None:
    from digits.models.predictor import predict

    for line in predict(flags.model, flags.files):
        print(line)


def _read(flags: argparse.Namespace) -> None:
    from digits.reading.command import read_files

    read_files(
        flags.files,
        flags.model,
        flags.output_dir,
        as_json=flags.json,
        show_boxes=flags.show,
        show_steps=flags.explain,
    )


def _lockstep(flags: argparse.Namespace) -> None:
    from digits.training.lockstep import show

    show(RECIPES[flags.recipe], flags.steps, flags.seed, flags.data_dir, flags.output_dir)
