"""The command line: parses and delegates. Imports late, so that `digits --help` answers at once."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from digits.backends import BACKENDS
from digits.backends.hardware import tune_process
from digits.errors import DigitsError
from digits.files import DATA_DIR, OUTPUT_DIR
from digits.recipes import RECIPES, RENAMED, Augmentation, Recipe, about, adjusted, check_seed, flag

if TYPE_CHECKING:
    from digits.training import Settings


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
        ("tune", "search for a better recipe, on this machine or on a cluster", _add_tune_flags, _tune),
        ("visualize", "draw what runs are worth, or what training shows", _add_visualize_flags, _visualize),
        ("recipes", "list the recipes, their networks and what they reach", lambda parser: None, _recipes),
        ("convert", "carry a model from one framework to the other", _add_convert_flags, _convert),
        (
            "convert-data",
            "write a dataset in another form: images, npz, idx or parquet",
            _add_data_flags,
            _convert_data,
        ),
        ("export", "write a model as an ONNX file, for use without either framework", _add_export_flags, _export),
        ("read", "read the digits in photographs, scans and drawings", _add_read_flags, _read),
        ("serve", "open a page to draw digits on, to photograph with and to look inside", _add_serve_flags, _serve),
        ("publish", "write the drawing page as files for any web host", _add_publish_flags, _publish),
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


def training_script(backend: str, run: Callable, *, seed: int, **numbers: Any) -> None:
    """Run `mnist_{backend}.py`: flags change the numbers at its top, fields of the baseline; `run` takes `Settings`."""

    def main(flags: argparse.Namespace) -> None:
        baseline = _from_script({**numbers, "seed": seed})
        flags.recipes = {**RECIPES, "baseline": baseline}
        settings = _settings(backend, flags)
        if settings.recipe.architecture != baseline.architecture:
            flag = "recipe" if flags.recipe != "baseline" else "architecture"
            instead = f"digits train {backend} --{flag} {getattr(flags, flag)}"
            raise DigitsError(f"this script trains the network that it shows, not another. Run: {instead}")
        run(settings)

    shown = {"baseline": replace(RECIPES["baseline"], **_allowed(numbers))}
    script(
        f"Train a small CNN on MNIST with {BACKENDS[backend].title}.",
        lambda parser: add_script_flags(parser, {**RECIPES, **shown}, seed),
        main,
    )


def add_script_flags(parser: argparse.ArgumentParser, recipes: Mapping[str, Recipe], seed: Any) -> None:
    """The flags of `mnist_pytorch.py` and `mnist_tensorflow.py`; `recipes` and `seed` are their defaults."""
    add_training_flags(parser, recipes, seed)
    parser.add_argument("--export", action="store_true", help="save the trained network as an ONNX file, too")


def _allowed(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the numbers at the top of a script that are allowed, for `--help`; the others are refused later."""
    return {name: value for name, value in numbers.items() if about(Recipe)[name].allows(value)}


def _from_script(numbers: Mapping[str, Any]) -> Recipe:
    """The baseline with the numbers at the top of the script that runs.

    Raises:
        DigitsError: one is not allowed; its line is named.
    """
    recipe = RECIPES["baseline"]
    for name, value in numbers.items():
        try:
            if name == "seed":
                check_seed(value)
            else:
                recipe = replace(recipe, **{name: value})
        except DigitsError as error:
            raise DigitsError(f"{_line_of(name)}: {error}") from error
    return recipe


def _line_of(name: str) -> str:
    """Where the script that runs gives this number its value."""
    path = Path(sys.argv[0])
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    number = next((index for index, line in enumerate(lines, 1) if line.split("=")[0].strip() == name), None)
    return f"{path.name}, line {number}" if number else path.name


def guarded(action: Callable[[], object]) -> int:
    """Call `action`; what a user can put right becomes one line on stderr. Returns the exit status."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a pipe gets each line at once, too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # and so cleans up on the way
    try:
        tune_process()
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
    """The flags of `download_mnist.py`, which `digits download` has, too."""
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


def add_training_flags(parser: argparse.ArgumentParser, recipes: Mapping[str, Recipe], seed: int) -> None:
    """The flags of whatever trains; `recipes` has them by name, `baseline` being the default, as `seed` is another."""
    group = parser.add_argument_group("what is trained, and how")
    _add_recipe_flags(group, recipes, "baseline", {**about(Recipe), **about(Augmentation)})
    parser.add_argument("--seed", type=int, default=seed, metavar="N", help="of all randomness (default: %(default)s)")
    parser.add_argument("--summary", action="store_true", help="print the layers with their shapes and weights")
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
    """Flags for a recipe and for some of its fields, which are found again in `_recipe`."""
    group.add_argument(
        "--recipe",
        default=default,
        metavar="NAME",
        help=f"{', '.join(recipes)} (digits recipes), or a JSON file such as tuned.json of digits tune; the flags "
        f"below change it (default: {default})",
    )
    group.set_defaults(recipes=recipes)
    usual = {**vars(recipes[default]), **vars(recipes[default].augmentation)}
    old_names = {new: old for old, new in RENAMED.items()}
    for name, known in {**about(Recipe), **about(Augmentation)}.items():
        if name in changeable:
            shown = ",".join(map(str, usual[name])) if known.kind is tuple else usual[name]
            group.add_argument(
                flag(name),
                type=_numbers if known.kind is tuple else known.kind,
                choices=known.choices or None,
                metavar=None if known.choices else {int: "N", tuple: "N,N"}.get(known.kind, "X"),
                help=f"{known.help} ({default}: {shown})",
            )
            if name in old_names:
                group.add_argument(flag(old_names[name]), dest=name, type=known.kind, action=_Renamed)


def _numbers(text: str) -> tuple[int, ...]:
    """The whole numbers of a flag, with commas between them."""
    return tuple(map(int, text.split(",")))


class _Renamed(argparse.Action):
    """A flag by the name that it had once: it is understood, and says its new name."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any):
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **options)

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        print(f"note: {option_string} is called {flag(self.dest)} now", file=sys.stderr)
        setattr(namespace, self.dest, values)


class _Dropped(argparse.Action):
    """A flag that there was once: it is understood, and says that it is not needed."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any):
        super().__init__(option_strings, argparse.SUPPRESS, help=argparse.SUPPRESS, **options)

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        print(f"note: {option} is not needed any more", file=sys.stderr)


def _add_train_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backend", choices=BACKENDS)
    add_training_flags(parser, RECIPES, seed=0)
    _add_address(parser, "train the networks of an ensemble")


def _add_tune_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backend", choices=BACKENDS)
    parser.add_argument(
        "--recipe",
        default="baseline",
        metavar="NAME",
        help=f"where to start: {', '.join(RECIPES)}, or a JSON file such as tuned.json (default: %(default)s)",
    )
    parser.add_argument(
        "--space",
        metavar="FIELDS",
        help='what to try, say "learning_rate=1e-4..1e-1:log filters.0=8..32 dropout=0..0.5" (default: what suits '
        "the recipe)",
    )
    parser.add_argument("--trials", type=int, default=40, metavar="N", help="how many to try (default: %(default)s)")
    parser.add_argument("--minutes", type=float, metavar="X", help="after which no trial is begun (default: no limit)")
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="of the comparison at the end (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with a search that was interrupted, or with more")
    _add_address(parser, "try recipes")
    _add_dataset(parser, "mnist, fashion-mnist or the path of your own data (default: %(default)s)")
    _add_data_dir(parser)
    _add_output_dir(parser)


def _add_address(parser: argparse._ActionsContainer, what: str) -> None:
    parser.add_argument(
        "--address", metavar="HOST:PORT", help=f"{what} on all nodes of this Ray cluster, of which this machine is one"
    )


def add_visualize_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of `visualize_results.py`, which `digits visualize` and `digits report` have, too."""
    _add_data_dir(parser)
    _add_output_dir(parser)


def _add_visualize_flags(parser: argparse.ArgumentParser) -> None:
    choices = ["runs", "augmentation", "strokes"]
    parser.add_argument("what", nargs="?", choices=choices, default="runs", help="(default: runs)")
    add_visualize_flags(parser)
    group = parser.add_argument_group("of augmentation only")
    group.add_argument("--backend", choices=BACKENDS, default="pytorch", help="which framework's (default: pytorch)")
    _add_dataset(group, "mnist, fashion-mnist or the path of your own data (default: mnist)")
    _add_recipe_flags(group, RECIPES, "deep", about(Augmentation))
    parser.set_defaults(backend=None, dataset=None, recipe=None)  # to see which were given, as runs need none of them


def _add_evaluate_flags(parser: argparse.ArgumentParser) -> None:
    _add_run(parser, "file")
    parser.add_argument(
        "--dataset", metavar="NAME", help="ask a model about this one, a name or a path, not the one it was trained on"
    )
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


def _add_data_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="mnist, fashion-mnist or the path of your own data")
    parser.add_argument("target", type=Path, help="a new folder or, for npz, a new file")
    parser.add_argument("--to", choices=["images", "npz", "idx", "parquet"], required=True, help="its form")
    _add_data_dir(parser)


def _convert_data(flags: argparse.Namespace) -> None:
    from digits.datasets import load_dataset, write_dataset

    write_dataset(load_dataset(flags.source, flags.data_dir), flags.target, flags.to)
    print(f"Saved {flags.target}")


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a .safetensors or .keras model")
    parser.add_argument("--to", choices=["onnx"], action=_Dropped)
    parser.add_argument("--output", type=Path, metavar="FILE", help="(default: beside the model, ending in .onnx)")


def _add_predict_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="an .onnx model")
    parser.add_argument(
        "files", type=Path, nargs="+", help="grey PNG images of 28 x 28 pixels, or .npy or .csv; ink bright on dark"
    )
    parser.add_argument(
        "--submission", type=Path, metavar="CSV", help="write the answers for Kaggle instead: ImageId,Label, from 1"
    )


def _add_read_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="an image, a folder of them, or - for standard input"
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="an .onnx model (default: the one that comes with the package)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--show", action="store_true", help="write each picture with boxes and digits into DIR/read")
    parser.add_argument("--explain", action="store_true", help="write a picture of all steps into DIR/read")
    _add_output_dir(parser)


def _add_serve_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="listen on this address; 0.0.0.0 lets in who has the printed link, such as your phone (%(default)s)",
    )
    parser.add_argument("--port", type=_port, metavar="N", help="(default: the first free one from 8000 on)")
    parser.add_argument("--model", type=Path, metavar="FILE", help="an .onnx model, to choose beside those that come")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")


def _port(text: str) -> int:
    """A port's number; 0 is any free one."""
    if not (text.isdecimal() and int(text) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; allowed: 0 to 65535")
    return int(text)


def _add_publish_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a new folder, or one that was published before")


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
        "--data-dir",
        type=Path,
        default=DATA_DIR,
        metavar="DIR",
        help="folder of mnist and fashion-mnist (./%(default)s)",
    )


def _add_output_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output-dir", type=Path, default=OUTPUT_DIR, metavar="DIR", help="folder of the runs (./%(default)s)"
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
        summary=flags.summary,
        export=getattr(flags, "export", False),
        address=getattr(flags, "address", None),
        asked_for=frozenset(name for name in about(Recipe) if getattr(flags, name, None) is not None),
    )


def _recipe(flags: argparse.Namespace) -> Recipe:
    """The chosen recipe, changed by the flags that were given."""
    recipe = _named(flags.recipe, flags.recipes)
    given = {name: value for name, value in vars(flags).items() if value is not None}
    changes = {name: given[name] for name in about(Augmentation) if name in given}
    augmentation = {"augmentation": replace(recipe.augmentation, **changes)} if changes else {}
    return adjusted(recipe, {**{name: given[name] for name in about(Recipe) if name in given}, **augmentation})


def _named(name: str, recipes: Mapping[str, Recipe]) -> Recipe:
    """The recipe of this name, or in the JSON file of this path.

    Raises:
        DigitsError: there is neither, or what the file holds is no recipe.
    """
    if name in recipes:
        return recipes[name]
    if not name.endswith(".json"):
        raise DigitsError(f"recipe is {name}, but must be {', '.join(recipes)} or a JSON file such as tuned.json")
    from digits.recipes.stored import load_recipe

    return load_recipe(Path(name))


def _download(flags: argparse.Namespace) -> None:
    from digits.datasets import download_dataset

    download_dataset(flags.data_dir, flags.mirror, flags.dataset)


def _train(flags: argparse.Namespace) -> None:
    from digits import training

    training.run(_settings(flags.backend, flags))


def _tune(flags: argparse.Namespace) -> None:
    from digits.datasets import full_name
    from digits.tuning import Search, default_space, parse_space, tune

    recipe = _named(flags.recipe, RECIPES)
    tune(
        Search(
            flags.backend,
            recipe,
            default_space(recipe) if flags.space is None else parse_space(flags.space),
            trials=flags.trials,
            minutes=flags.minutes,
            seeds=flags.seeds,
            seed=flags.seed,
            dataset=full_name(flags.dataset),
            data_dir=flags.data_dir,
            output_dir=flags.output_dir,
            resume=flags.resume,
            address=flags.address,
            origin=flags.recipe,
        )
    )


def _visualize(flags: argparse.Namespace) -> None:
    given = [
        name for name in ("backend", "dataset", "recipe", *about(Augmentation)) if getattr(flags, name) is not None
    ]
    if flags.what == "augmentation":
        from digits.datasets import full_name
        from digits.training.preview import show_augmentation

        flags.recipe, backend = flags.recipe or "deep", flags.backend or "pytorch"
        dataset = full_name(flags.dataset or "mnist")
        show_augmentation(_recipe(flags), backend, dataset, flags.data_dir, flags.output_dir)
        return
    if given:
        instead = "Run: digits visualize augmentation"
        raise DigitsError(f"{flag(given[0])} changes nothing in pictures of {flags.what}. {instead}")
    if flags.what == "strokes":
        from digits.training.preview import show_strokes

        show_strokes(flags.data_dir, flags.output_dir)
        return
    from digits.evaluation import visualize

    visualize(flags.output_dir, flags.data_dir)


def _recipes(flags: argparse.Namespace) -> None:
    from digits.evaluation.measured import table

    print(table())


def _evaluate(flags: argparse.Namespace) -> None:
    from digits.evaluation import evaluate
    from digits.exchange.predictions import open_answers

    _check_data_dir(flags, flags.file)
    evaluate(open_answers(flags.file, flags.data_dir, flags.dataset), flags.json)


def _compare(flags: argparse.Namespace) -> None:
    from digits.evaluation import compare
    from digits.exchange.predictions import open_answers

    _check_data_dir(flags, flags.a, flags.b)
    a, b = (open_answers(path, flags.data_dir) for path in (flags.a, flags.b))
    compare(flags.a, a, flags.b, b, flags.json)


def _check_data_dir(flags: argparse.Namespace, *paths: Path) -> None:
    """Make sure that --data-dir, where it is given, is of use: a model is asked about the data, a run was already."""
    if flags.data_dir is not DATA_DIR and all(path.suffix in (".json", ".npy") for path in paths):
        raise DigitsError("--data-dir changes nothing for a run, which holds its answers; it is for models")


def _report(flags: argparse.Namespace) -> None:
    from digits.evaluation import report

    report(flags.output_dir, flags.data_dir)


def _convert(flags: argparse.Namespace) -> None:
    from digits.exchange.convert import convert

    convert(flags.source, flags.target)
    print(f"Saved {flags.target}")


def _export(flags: argparse.Namespace) -> None:
    from digits.exchange.export import export

    target = flags.output or flags.model.with_suffix(".onnx")
    export(flags.model, target)
    print(f"Saved {target}")


def _predict(flags: argparse.Namespace) -> None:
    from digits.exchange.predictor import predict, submit

    if flags.submission:
        submit(flags.model, flags.files, flags.submission)
        print(f"Saved {flags.submission}")
        return
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


def _serve(flags: argparse.Namespace) -> None:
    from digits.page import serve

    serve(flags.host, flags.port, model=flags.model, open_browser=not flags.no_browser)


def _publish(flags: argparse.Namespace) -> None:
    from digits.page import publish

    publish(flags.folder)


def _lockstep(flags: argparse.Namespace) -> None:
    from digits.training.lockstep import show

    show(RECIPES[flags.recipe], flags.steps, flags.seed, flags.data_dir, flags.output_dir)
