"""What is asked for and how it comes about: the brief, the plan, jobs, review and release."""
