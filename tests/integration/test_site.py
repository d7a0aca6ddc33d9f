"""The pages become a site."""

from __future__ import annotations

from pathlib import Path

from docs.site import make_site


def test_every_page_is_in_the_site(tmp_path: Path) -> None:
    make_site(tmp_path)
    docs = Path(__file__).parents[2] / "docs"
    pages = {path.relative_to(docs).with_suffix(".html") for path in docs.rglob("*.md")}
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.html")}
    assert pages <= made
    assert "Kafka Connect on one page" in (tmp_path / "index.html").read_text()
