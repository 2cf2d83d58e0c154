#!/bin/sh
# What the container runs: an X server without a screen, for the gateway's windows, then the service.
#
# Decides the order: the service starts when the display answers, and takes this script's place, so that a signal to the
# container is a signal to gunicorn. Writes nowhere but in /tmp.
set -eu

# X makes its folder only for root.
[ -d /tmp/.X11-unix ] || mkdir -m 1777 /tmp/.X11-unix

# The server writes the number of its display when it answers, and nothing when it fails. It runs as a child of nobody
# here, since gunicorn would take it for a worker of its own.
answered=$( (Xvfb "$DISPLAY" -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3>&1 >/dev/null & ) | head -n 1)
if [ ":$answered" != "$DISPLAY" ]; then
  echo "cmd.sh: the X server did not start on display $DISPLAY" >&2
  exit 1
fi

exec gunicorn -c /app/gunicorn.conf.py ib_trading.main:app
