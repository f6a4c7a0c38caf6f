"""`digits export`: a model to ONNX."""

from pathlib import Path

from digits.commands import click, options


@options.command(
    "export",
    "write a model, .safetensors or .keras, as an ONNX file, for use without either framework",
    "digits export outputs/pytorch_model.safetensors",
)
@options.a_path("model")
@click.option("--output", type=Path, metavar="FILE", help="[default: beside the model, ending in .onnx]")
def command(model: Path, output: Path | None) -> None:
    from digits.exchange.export import export

    target = output or model.with_suffix(".onnx")
    export(model, target)
    print(f"Saved {target}")
