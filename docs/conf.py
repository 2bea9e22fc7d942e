"""How Sphinx builds the documentation: `make docs`, into var/docs/.

Everything that a page loads lies beside it: nothing of it is fetched from another host.
"""

project = "Rapport"
project_copyright = "Apache-2.0"
author = "Rapport"
html_title = "Rapport"
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["**/README.md"]
templates_path: list[str] = []
needs_sphinx = "9.0"

# headings have the anchors that forges give them; a link to one that is not there fails the build
myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block", "colon_fence"]
suppress_warnings = ["misc.highlighting_failure"]  # Liquid within JSON, rules with "..."
highlight_language = "text"

html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_depth": 2,
    "collapse_navigation": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_version_warning_banner": False,
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_domain_indices = False
html_use_index = False
