#!/bin/sh
# Installs IBC, which logs the gateway in, at /opt/ibc.
#
#     install-ibc.sh URL SHA256
set -eu

work=$(mktemp -d)
python "$(dirname "$0")/fetch.py" "$1" "$2" "$work/ibc.zip"
python -m zipfile -e "$work/ibc.zip" /opt/ibc
rm -rf "$work"

if [ ! -f /opt/ibc/scripts/ibcstart.sh ]; then
  echo "install-ibc: the archive has no scripts/ibcstart.sh; is it the one for Linux?" >&2
  exit 1
fi
# A zip file unpacked this way has no modes.
chmod -R a+rX,go-w /opt/ibc
chmod a+x /opt/ibc/scripts/*.sh
