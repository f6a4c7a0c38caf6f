"""`digits publish`: the page as files for any web host."""

from pathlib import Path

from digits.commands import options
from digits.errors import DigitsError
from digits.files import display, write_together


@options.command("publish", "write the page as files for any web host", "digits publish my-page")
@options.a_path("folder")
def command(folder: Path) -> None:
    publish(folder)


def publish(folder: Path) -> None:
    """Write the page into `folder`, as files for any static host.

    Raises:
        DigitsError: the folder holds something else, or see `all_files`.
        OSError: it cannot be written.
    """
    from digits.page import all_files

    files = all_files(served=False)
    ours = {name.partition("/")[0] for name in files}
    others = [path.name for path in folder.iterdir() if path.name not in ours] if folder.is_dir() else []
    if strange := sorted(name for name in others if not name.startswith(".")):
        allowed = "a new or empty folder, or one that was published before"
        raise DigitsError(f"{display(folder)} holds {strange[0]}, which is no part of the page; allowed: {allowed}")
    by_folder: dict[Path, dict[str, bytes]] = {}
    for name in sorted(files, key="index.html".__eq__):
        path = folder / name
        by_folder.setdefault(path.parent, {})[path.name] = files[name]
    for parent in sorted(by_folder, reverse=True):  # the page itself last, when all that it needs is there
        write_together(parent, by_folder[parent])
    size = sum(map(len, files.values())) / 1e6
    print(f"Saved {display(folder)}: {len(files)} files, {size:.1f} MB, for any web host; with HTTPS it works offline")
