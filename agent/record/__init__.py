"""A run on disk: its directory, report, program files; read by everything that looks at a run."""
