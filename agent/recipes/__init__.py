"""Ready configurations, one for each method and some that combine them; each proves what its method claims."""
