"""The messages of the protocol as tables: which fields, in which order, at which server version.

framing.py finds them on the wire; elements.py is the small language the tables are written in, writing.py and
reading.py follow it; incoming.py is what clients send, outgoing.py what the gateway sends, order_fields.py the long
layouts of orders that both share.
"""
