"""One page that shows every table and figure with the command and the records behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from symhpo.paper.notebooks import Outcome
from symhpo.paper.report import ENTRIES
from symhpo.store.files import read_json, write_whole

__all__ = ["write_index"]

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>symhpo: tables and figures</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #222; }}
body {{ max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }}
section {{ border-top: 1px solid #ccc; margin-top: 2.5rem; }}
figure {{ margin: 1.5rem 0; overflow-x: auto; }}
img {{ max-width: 100%; height: auto; }}
table {{ border-collapse: collapse; font-size: 14px; }}
caption, figcaption {{ text-align: left; padding: .3rem 0; font-weight: 600; }}
th, td {{ padding: .15rem .7rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }}
.origin {{ color: #555; font-size: 13px; margin: .3rem 0; }}
.missing {{ background: #fff4d6; padding: .5rem 1rem; }}
.failed {{ background: #fde2dd; padding: .5rem 1rem; white-space: pre-wrap; }}
code {{ background: #f2f2f2; padding: 0 .2rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>Tables and figures</h1>
{study}
<nav><ul>
{contents}
</ul></nav>
{sections}
</body>
</html>
"""


def write_index(
    outcomes: Sequence[Outcome], provenance: Mapping[str, Any], output: Path, command: str
) -> Path:
    """Write ``index.html`` for the notebooks that were executed.

    Parameters
    ----------
    outcomes : sequence of Outcome
    provenance : mapping
        Of the results.
    output : Path
        The paper's folder.
    command : str
        What makes this page.

    Returns
    -------
    Path
    """
    contents = "\n".join(
        f'<li><a href="#{escape(o.name)}">{escape(o.title or o.name)}</a>{_remark(o)}</li>' for o in outcomes
    )
    page = PAGE.format(
        study=_study(provenance, command),
        contents=contents,
        sections="\n".join(_section(outcome, output) for outcome in outcomes),
    )
    path = output / "index.html"
    with write_whole(path) as aside:
        aside.write_text(page, encoding="utf-8")
    return path


def _remark(outcome: Outcome) -> str:
    return {"done": "", "missing": " (not in these records)", "failed": " (failed)"}[outcome.status]


def _study(provenance: Mapping[str, Any], command: str) -> str:
    lines = [f"<p>Made by <code>{escape(command)}</code>."]
    if provenance:
        runs = ", ".join(f"{count} {state}" for state, count in provenance["runs"].items() if count)
        code = "; ".join(f"{version} ({count} runs)" for version, count in provenance["code"].items())
        lines.append(
            f"Runs: {escape(runs)}, {provenance['cpu_hours']} CPU hours, started from "
            f"{escape(provenance['first_started'][:16])} to {escape(provenance['last_started'][:16])}. "
            f"Code: {escape(code)}. Commands of the experiments:</p>\n<ul>"
        )
        lines += [
            f"<li>{escape(name)}: {about['runs']} runs, {about['records']} records, "
            f"{about['failed']} failed: "
            + "; ".join(f"<code>{escape(command)}</code>" for command in about["commands"])
            + "</li>"
            for name, about in provenance["experiments"].items()
        ]
        return "\n".join([*lines, "</ul>"])
    return "\n".join([*lines, "</p>"])


def _section(outcome: Outcome, output: Path) -> str:
    parts = [f'<section id="{escape(outcome.name)}">', f"<h2>{escape(outcome.title or outcome.name)}</h2>"]
    notebook = f"{outcome.name}/{outcome.name}.ipynb"
    parts.append(f'<p class="origin">Notebook: <a href="{escape(notebook)}">{escape(notebook)}</a></p>')
    if outcome.status == "missing":
        parts.append(f'<p class="missing">Not shown: {escape(outcome.message)}</p>')
    elif outcome.status == "failed":
        parts.append(f'<div class="failed">{escape(outcome.message)}</div>')
    entries = read_json(output / outcome.name / ENTRIES) or []
    for i in range(len(entries) + 1):
        parts += [_prose(text.markdown) for text in outcome.texts if text.position == i]
        parts += [_entry(entry, outcome.name) for entry in entries[i : i + 1]]
    return "\n".join([*parts, "</section>"])


def _prose(markdown: str) -> str:
    from nbconvert.filters import markdown2html

    # Below the section's own heading.
    html: str = markdown2html(re.sub("^#", "##", markdown, flags=re.MULTILINE))
    return html


def _entry(entry: Mapping[str, Any], folder: str) -> str:
    if entry["kind"] == "note":
        return f'<p class="missing">{escape(entry["text"])}</p>'
    links = [f'<a href="{escape(folder)}/{escape(name)}">{escape(name)}</a>' for name in entry["files"]]
    if entry["kind"] == "table":
        shown = entry["html"]
    else:
        image = next(name for name in entry["files"] if name.endswith(".png"))
        shown = (
            f'<img src="{escape(folder)}/{escape(image)}" alt="{escape(entry["caption"])}" loading="lazy">\n'
            f"<figcaption>{escape(entry['caption'])}</figcaption>"
        )
    start = f'<figure id="{escape(folder)}-{escape(entry["name"])}">'
    files = f'<p class="origin">Files: {", ".join(links)}.</p>'
    return f"{start}\n{shown}\n{files}{_origin(entry)}</figure>"


def _origin(entry: Mapping[str, Any]) -> str:
    if "records" not in entry:
        return ""
    commands = " ".join(f"Computed by <code>{escape(command)}</code>." for command in entry["commands"])
    return (
        '<details class="origin"><summary>Records and commands behind it</summary>'
        f"From {escape(entry['records'])}. {commands}</details>"
    )
