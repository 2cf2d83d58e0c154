"""What gunicorn serves: `ib_trading.main:app`. The one module that does something on import."""

from ib_trading.composition import build_services, create
from ib_trading.logs import log_as_json
from ib_trading.settings import read_settings

log_as_json()
services = build_services(read_settings())
app = create(services)
services.gateway.begin()
services.strategies.begin()
