"""``python -m docs.generate``: write the reference pages anew."""

from __future__ import annotations

from pathlib import Path

from docs.pages import reference

FOLDER = Path(__file__).parent / "reference"


def written() -> dict[str, str]:
    """The pages as they are on disk."""
    return {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.md"))}


def main() -> None:
    """Write what has changed, and remove pages of plugins that are gone."""
    made, old = reference(), written()
    for name in old.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, text in made.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if old.get(name) != text:
            path.write_text(text, encoding="utf-8")
    print(f"{len(made)} pages, {sum(old.get(name) != text for name, text in made.items())} of them changed")


if __name__ == "__main__":
    main()
