"""Durable work: graphs of tasks in the project's database, leased to workers on any machine, shared between jobs."""
