"""Google's services through their official clients; nothing else in app/ knows those libraries."""
