"""Who rates answers, and how: models, step models, constitutions."""
