"""Fine-tuning on what a run verified, and putting what came of it to the gate."""
