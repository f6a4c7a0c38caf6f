"""`digits convert`: a model to the other framework."""

from pathlib import Path

from digits.commands import options


@options.command(
    "convert",
    "carry a model, .safetensors or .keras, from one framework to the other",
    "digits convert outputs/pytorch_model.safetensors twin.keras",
)
@options.a_path("source")
@options.a_path("target")
def command(source: Path, target: Path) -> None:
    from digits.exchange.convert import convert

    convert(source, target)
    print(f"Saved {target}")
