"""All that a user can choose for a run."""

from dataclasses import dataclass
from pathlib import Path

from digits.files import DATA_DIR, OUTPUT_DIR
from digits.recipes import Recipe, check_seed


@dataclass(frozen=True)
class Settings:
    """All that a user can choose for a run.

    Attributes:
        backend: "pytorch" or "tensorflow".
        recipe: what is trained, and how.
        seed: of all randomness; a whole number, 0 or more. An ensemble's networks have this one and those after it.
        device: "auto", "cpu", "cuda" or "mps".
        precision: of the arithmetic of training: "auto", "float32" or "bfloat16".
        data_dir: folder of the datasets that have a name.
        output_dir: folder of the run.
        resume: whether to go on from the checkpoint in `output_dir`, if there is one.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        tensorboard: whether to write TensorBoard's event files into `output_dir`.
        summary: whether to print a table of the network's layers.
        export: whether to save the trained model as an ONNX file, too.
        address: of a Ray cluster that trains the networks of an ensemble, or None for this machine.

    Raises:
        DigitsError: the seed is none.
    """

    backend: str
    recipe: Recipe
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    data_dir: Path = DATA_DIR
    output_dir: Path = OUTPUT_DIR
    resume: bool = False
    dataset: str = "mnist"
    tensorboard: bool = False
    summary: bool = False
    export: bool = False
    address: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
