"""Make the notebooks: `python -m lessons.build`, or `make notebooks`, runs each lesson's script and writes its .ipynb.

A lesson's source is a script in jupytext's percent form, which reads well in a review and in an editor. What is built
from it, with its outputs, is committed too, so that a code host shows the lesson with its pictures.
"""

import base64
import io
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

LESSONS = Path(__file__).parent
SOURCES = sorted(LESSONS.glob("[0-9]_*.py"))
SECONDS = 1200  # that a cell may take; on a machine that has nothing else to do it is 30 at most


def unrun(source: Path) -> nbformat.NotebookNode:
    """The notebook of a script, without outputs. Its cells are numbered, so that building it again changes nothing."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id, cell.metadata = f"cell-{number}", {}
    return notebook


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Run all cells, from the folder of the lessons, as who opens a notebook does; it is changed in place.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    resources = {"metadata": {"path": str(LESSONS)}}
    client = NotebookClient(notebook, timeout=SECONDS, coalesce_streams=True, resources=resources)
    client.execute()
    notebook.metadata["language_info"] = {"name": "python"}  # without the version that it ran in
    for cell in notebook.cells:
        cell.metadata = {}  # without the times at which it ran
        if cell.cell_type == "code":  # nor what libraries log of the machine
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = _in_few_colours(output.data["image/png"])
    return notebook


def _in_few_colours(png: str) -> str:
    """A picture, PNG in base64, in 256 colours: a third as large, and hardly another to the eye."""
    picture, smaller = Image.open(io.BytesIO(base64.b64decode(png))), io.BytesIO()
    picture.convert("RGB").quantize(256).save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def main(names: list[str]) -> None:
    """Build these lessons, by the beginning of their names, or all."""
    for source in SOURCES:
        if not names or source.name.startswith(tuple(names)):
            target = source.with_suffix(".ipynb")
            nbformat.write(run(unrun(source)), target)
            print(f"lessons/{target.name}: {target.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
