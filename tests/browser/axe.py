"""axe in a page: what hinders somebody seriously, each with its place and the reason."""

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WHOLE = {"include": [["html"]]}
# asked by [where, options], as axe.run takes them, once `AXE` is in the page
SERIOUS = """async ([where, options]) => (await axe.run(where, options)).violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .map(found => `${found.id}: ${found.nodes.slice(0, 3)
        .map(node => `${node.html} (${node.any.map(one => one.message)})`).join(" | ")}`)"""
