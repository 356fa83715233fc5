"""Extends: follows the `extends` of YAML documents, each file once, and refuses those that extend each other in a circle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rtaudit.documents.files import real_path
from rtaudit.documents.yaml import Document


def with_bases(
    path: Path,
    load: Callable[[Path], Document],
    find: Callable[[Document, Path, int], Path],
    *,
    what: str,
    bases_first: bool,
) -> list[tuple[Document, Path]]:
    """The document at `path` and all that it extends, with their paths: what a document extends before or after itself.

    `find` gives the file that entry `index` of a document's `extends` names; `what` is what errors call the documents.
    Raises InputError at the entry that closes a circle.
    """
    found: list[tuple[Document, Path]] = []
    seen: set[Path] = set()

    def visit(path: Path, above: tuple[Path, ...]) -> None:
        here = (*above, real_path(path))
        seen.add(here[-1])
        document = load(path)
        if not bases_first:
            found.append((document, path))
        for index in range(len(document.value.get("extends", ()))):
            base = find(document, path, index)
            real = real_path(base)
            if real in here:
                circle = " → ".join(one.stem for one in (*here[here.index(real) :], real))
                raise document.error(
                    ("extends", index), f"{what} extend each other in a circle: {circle}", "take one of them out"
                )
            if real not in seen:
                visit(base, here)
        if bases_first:
            found.append((document, path))

    visit(path, ())
    return found
