"""What a person changes in a run by hand: each change is an event of its journal, with who and when."""
