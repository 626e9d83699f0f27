"""``python -m saddlesim`` is the command line."""

from saddlesim.cli import main

if __name__ == "__main__":
    main()
