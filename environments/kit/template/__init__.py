"""The package that `burnish env new` writes. `environment.py` is as much code as the rest of Burnish: it is linted,
typed and tested here, and written out under the name that was asked for.
"""
