"""A helpdesk on FastAPI: tickets and stock in SQLite, live by Tidings. Start with `python -m helpdesk`."""
