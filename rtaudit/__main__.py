"""`python -m rtaudit` is the `rtaudit` command."""

from rtaudit.cli import main

if __name__ == "__main__":
    main()
