"""What gunicorn serves: `app.main:app`. The one module that does something on import."""

from app.composition import build_services, create
from app.logs import log_as_json
from app.settings import read_settings

log_as_json()
services = build_services(read_settings())
app = create(services)
services.gateway.begin()
