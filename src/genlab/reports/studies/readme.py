"""The README's table of reproduced results, written from every study's results.json."""

from __future__ import annotations

import re
from pathlib import Path

from genlab.reports.formats import escaped
from genlab.reports.studies.results import load

_BLOCK = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)


def summary(folder: Path) -> str:
    """One line for each study below `folder` that has results: scale, seeds, and the verdicts on its claims."""
    lines = [
        "| table | scale | settings | seeds | runs | claims reproduced | refuted | undecided |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    for file in sorted(folder.glob("*/results.json")):
        if (results := load(file)) is None:
            continue
        verdicts = [claim["verdict"] for claim in results["claims"]]
        counts = " | ".join(str(verdicts.count(verdict)) for verdict in ("reproduced", "refuted", "undecided"))
        link = f"[{escaped(results['title'])}](experiments/report/{file.parent.name}/RESULTS.md)"
        settings = "differ, see the page" if results["says"] else "the report's"
        facts = (link, escaped(results["scale"]), settings, results["seeds"], results["runs"], counts)
        lines.append(f"| {' | '.join(map(str, facts))} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else "No results are kept yet.\n"


def updated(readme: str, folder: Path) -> str:
    """The README's text with its block of results as it must be."""
    return _BLOCK.sub(lambda block: block[1] + summary(folder) + block[2], readme)
