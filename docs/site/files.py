"""The files of the site, laid out as in the project, so that each link leads where it leads on a code host.

README.md is the first page, `docs/` stays a folder, and any other file that a page links to becomes a page: a notebook
with its pictures, a Python file with its colours. Only the site has `api.md`, made of the docstrings of `digits`.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[2]
PICTURES = (".jpg", ".png")
LINK = re.compile(r'(?:]\(|src=")([^()\s"#:]+)')  # as far as its path; a picture's, too
TO_FOLDER = re.compile(r"\[([^][]*)]\(([^()\s#:]+)\)")
API = "# What `import digits` offers\n\n::: digits\n"
SOURCE = "---\nsearch:\n  exclude: true\n---\n# {name}\n\n~~~~{language}\n{text}\n~~~~\n"


def on_config(config: MkDocsConfig) -> None:
    """Leave out the page that a host shows for an unknown address: its links would need the site's own address."""
    config.theme.static_templates.discard("404.html")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Lay out the site's files as the project's are: README.md, the pages of `docs/`, and all that these lead to."""
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    paths = [ROOT / "README.md", *sorted(Path(config.docs_dir).glob("*.md"))]
    for path in paths:  # which grows
        if path.suffix in PICTURES:
            files.append(File.generated(config, name_on_site(path), abs_src_path=str(path)))
            continue
        text = as_markdown(path)
        led_to = {there for link in LINK.findall(text) if (there := target(path, link)).is_file()}
        paths += sorted(led_to - {*paths})
        files.append(File.generated(config, name_on_site(path), content=as_on_site(text, path)))
    files.append(File.generated(config, "api.md", content=API))
    return files


def target(page: Path, link: str) -> Path:
    """The file or folder of the project that a page's link leads to."""
    return (page.parent / link).resolve()


def becomes_markdown(path: Path) -> bool:
    """Whether the site has a page in place of this file, which is neither Markdown nor a picture."""
    return path.is_file() and path.suffix not in (*PICTURES, ".md")


def name_on_site(path: Path) -> str:
    """The name of a page or picture among the site's sources."""
    name = path.relative_to(ROOT).as_posix()
    return f"{name}.md" if becomes_markdown(path) else name


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
    """A page's Markdown with links to the site's pages; a link to a folder, which has none, becomes its text."""
    text = TO_FOLDER.sub(lambda link: link[1] if target(page, link[2]).is_dir() else link[0], text)
    return LINK.sub(lambda link: link[0] + ".md" if becomes_markdown(target(page, link[1])) else link[0], text)
