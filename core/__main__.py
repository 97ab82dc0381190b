"""`python -m burnish`: the command line."""

from burnish.agent.cli.main import main

if __name__ == "__main__":
    main()
