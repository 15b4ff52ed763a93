"""Makes ``figures.md`` and ``results.schema.json`` of the vocabulary of figures: ``python docs/make_figures.py``."""

from __future__ import annotations

import json
from pathlib import Path

from rig.records import figures_page, schema, schema_made_anew

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "figures.md"
SCHEMA = FOLDER.parent / "rig" / "records" / "results.schema.json"


def main() -> None:
    """Write both files."""
    PAGE.write_text(figures_page(), encoding="utf-8")
    SCHEMA.write_text(json.dumps(schema_made_anew(schema()), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
