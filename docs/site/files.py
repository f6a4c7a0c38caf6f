"""What mkdocs.yml makes the site of: the project's own tree, so that each link leads where it leads on a code host.

README.md is the first page, `docs/` stays a folder, and whatever else a page links to becomes a page: a notebook with
its pictures, a Python file with its colours. What `import digits` offers is `api.md`, which is on the site alone.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[2]
PICTURES = (".jpg", ".png")
LINK = re.compile(r'(?:]\(|src=")([^()\s"#:]+)')  # the path that a link or a picture names
TO_FOLDER = re.compile(r"\[([^][]*)]\(([^()\s#:]+)\)")
API = "# What `import digits` offers\n\n::: digits\n"
SOURCE = "---\nsearch:\n  exclude: true\n---\n# {name}\n\n~~~~{language}\n{text}\n~~~~\n"


def on_config(config: MkDocsConfig) -> None:
    """Leave out the page for what is not found: it would have to know the folder of the host that the site lies in."""
    config.theme.static_templates.discard("404.html")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Lay the site's files out as the project's are: README.md, those of `docs/`, and all that these lead to."""
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    paths = [ROOT / "README.md", *sorted(Path(config.docs_dir).glob("*.md"))]
    for path in paths:  # which grows
        if path.suffix in PICTURES:
            files.append(File.generated(config, name_on_site(path), abs_src_path=str(path)))
            continue
        text = as_markdown(path)
        led_to = {there for link in LINK.findall(text) if (there := lead(path, link)).is_file()}
        paths += sorted(led_to - {*paths})
        files.append(File.generated(config, name_on_site(path), content=as_on_site(text, path)))
    files.append(File.generated(config, "api.md", content=API))
    return files


def lead(page: Path, link: str) -> Path:
    """Where in the project a page's link leads."""
    return (page.parent / link).resolve()


def added_on_site(path: Path) -> str:
    """What the name of a file has on the site behind its own: what is no picture and no Markdown becomes that."""
    return ".md" if path.is_file() and path.suffix not in (*PICTURES, ".md") else ""


def name_on_site(path: Path) -> str:
    """The name of a page or picture among the site's sources."""
    return path.relative_to(ROOT).as_posix() + added_on_site(path)


def as_markdown(path: Path) -> str:
    """A file of the project as a page."""
    if path.suffix == ".md":
        return path.read_text("utf-8")
    if path.suffix == ".ipynb":
        exporter = MarkdownExporter(config={"ExtractOutputPreprocessor": {"enabled": False}})  # pictures stay in it
        return exporter.from_filename(path)[0].replace("<details>", "<details markdown>")
    language = "python" if path.suffix == ".py" else "text"
    return SOURCE.format(name=path.relative_to(ROOT), language=language, text=path.read_text("utf-8"))


def as_on_site(text: str, page: Path) -> str:
    """A page's Markdown, its links to files leading to the pages made of them; of those to folders the text stays."""
    text = TO_FOLDER.sub(lambda found: found[1] if lead(page, found[2]).is_dir() else found[0], text)
    return LINK.sub(lambda found: found[0] + added_on_site(lead(page, found[1])), text)
