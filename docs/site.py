"""``python -m docs.site [FOLDER]``: the documentation as a site, in ``docs/_site`` unless told otherwise."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config

_DOCS = Path(__file__).parent
_TITLES = {
    "Start": ("index.md", "demo.md", "migrating.md"),
    "Use": ("rest.md", "kafka-clients.md", "plugins.md", "operations.md", "security.md", "supervision.md"),
    "Connectors": (
        *("elasticsearch-sink.md", "jdbc-source.md", "spool-directory.md", "avro-converter.md"),
        *("reference/index.md", "reference/connector-settings.md"),
    ),
    "Write": ("writing-a-connector.md", "api.md"),
    "Inside": ("architecture.md", "decisions.md", "performance.md"),
}
_NOT_PAGES = "*.py\n__pycache__/\n_site/\n"


def make_site(target: Path) -> None:
    """Build the site into a folder. Raises mkdocs' exceptions for a page that can't be made."""
    named = {page for pages in _TITLES.values() for page in pages}
    others = sorted(path.name for path in _DOCS.glob("*.md") if path.name not in named)
    nav = [{title: list(pages)} for title, pages in _TITLES.items()] + ([{"More": others}] if others else [])
    config = load_config(
        io.BytesIO(b"site_name: Kafka Connect, in Python\n"),
        docs_dir=str(_DOCS),
        site_dir=str(target),
        nav=nav,
        exclude_docs=_NOT_PAGES,
        theme="readthedocs",
        plugins=["search"],
        use_directory_urls=False,
        # Pages also link to folders beside docs/, as they are read where the project is.
        validation={
            "links": {"not_found": "ignore", "unrecognized_links": "ignore"},
            "nav": {"omitted_files": "ignore"},
        },
    )
    build(config)


if __name__ == "__main__":
    make_site(Path(sys.argv[1]) if len(sys.argv) > 1 else _DOCS / "_site")
