"""The embedded defaults: SQLite, DuckDB and files in one folder."""
