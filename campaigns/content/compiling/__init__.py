"""Once at save: MJML to HTML, links and footer prepared, plain text made."""
