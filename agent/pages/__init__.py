"""A run as pages in a browser, and as one file to hand on; what they show are the records of `inspecting`."""
