"""`python -m pipeline` is `rosewave`."""

from pipeline.cli import entry

if __name__ == "__main__":
    entry()
