"""Says in one sentence what this machine lacks, before anything is downloaded. Needs no package."""

import importlib.util
import platform
import sys

OLDEST_GLIBC = (2, 34)


def problem() -> str | None:
    """What is missing; None when `make install` can begin."""
    python = platform.python_version()
    if platform.python_implementation() != "CPython" or not (3, 11) <= sys.version_info < (3, 14):
        return f"Rapport needs CPython 3.11 to 3.13, and this is {python}."
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        return f"Rapport runs on Linux x86_64, and this is {system} {machine}."
    name, version = platform.libc_ver()
    if name != "glibc" or tuple(int(part) for part in version.split(".")[:2]) < OLDEST_GLIBC:
        return f"Rapport needs glibc 2.34 or newer, and this is {name or 'another libc'} {version}."
    missing = [module for module in ("venv", "ensurepip") if not importlib.util.find_spec(module)]
    if missing:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        return f"Python's {' and '.join(missing)} module is missing: install {package}."
    return None


if __name__ == "__main__":
    sys.exit(problem())
