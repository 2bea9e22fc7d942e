"""How many connections a web process takes, as the system lets it. Needs no Django."""

import resource

MOST = 8192
SPARE_FILES = 512  # database connections, logs, what the libraries open


def most_connections() -> int:
    """As the limit of open files allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MOST if hard == resource.RLIM_INFINITY else max(128, min(MOST, hard - SPARE_FILES))


def raise_file_limit() -> None:
    """To as many files as this process is allowed; many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
