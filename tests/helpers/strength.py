"""How much tests try: a part in `make test`, everything in `make test-all`."""

import os

FULL = os.environ.get("BURNISH_TESTS") == "thorough"
