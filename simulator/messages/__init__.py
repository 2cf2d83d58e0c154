"""The messages of the protocol as tables: which fields, in which order, at which server version.

table.py is the small language the tables are written in, incoming.py what clients send, outgoing.py what the
gateway sends, order_fields.py the long layouts of orders that both share.
"""
