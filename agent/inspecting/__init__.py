"""What a run can be asked, each answer a record: what terminal, pages, files and Python print."""
