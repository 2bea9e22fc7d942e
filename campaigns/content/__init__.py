"""Content: Liquid, MJML, e-mail HTML and the finished message. Data in, text out; no database.

Once at save: `mjml` -> `html` (links, footer, pixel) -> `render.Compiled`, which is plain JSON.
For each person: `render.render` -> `message.build_email`.
"""
