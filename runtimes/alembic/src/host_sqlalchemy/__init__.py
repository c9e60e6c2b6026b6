"""SQLAlchemy on the connection that host owns: a driver by PEP 249 and a dialect."""
