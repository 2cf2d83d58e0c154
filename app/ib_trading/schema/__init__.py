"""What infra/ and app/ must agree on: trading configuration, intent names, table columns.

Standard library and msgspec only; imports nothing else of this project.
"""
