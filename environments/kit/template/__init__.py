"""The package that `burnish env new` writes. `environment.py` is linted, typed and tested like the rest
of Burnish, and written out under the requested name.
"""
