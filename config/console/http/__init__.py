"""Around each request of a browser: headers, policies, language and zone, the session."""
