"""The web server's inside: what stands between a socket and Django.

granian parses HTTP and calls `application` on its event loop. There a request waits for its body,
under a deadline and within bounds; only a whole one takes a thread, of its own area's pool.
"""
