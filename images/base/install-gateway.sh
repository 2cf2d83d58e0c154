#!/bin/sh
# Installs IB Gateway at /opt/ibgateway/VERSION, where IBC looks for it with --tws-path=/opt.
#
#     install-gateway.sh VERSION URL SHA256
#
# Decides what a usable installation is; one that is not fails the build, here and not at six in the morning.
set -eu

version=${1:?the version of IB Gateway is missing}
program=/opt/ibgateway/$version

fail() { echo "install-gateway: $*" >&2; exit 1; }

work=$(mktemp -d)
python "$(dirname "$0")/fetch.py" "$2" "$3" "$work/installer.sh"
# The installer unpacks itself into the present folder, and keeps its settings in HOME.
(cd "$work" && HOME=$work sh ./installer.sh -q -dir "$program")
rm -rf "$work"

[ -d "$program/jars" ] || fail "the installer made no $program/jars; is it the standalone one?"
[ -f "$program/ibgateway.vmoptions" ] || fail "the installer made no $program/ibgateway.vmoptions"

# IBC asks these two files, in this order, where Java is.
java=
for config in pref_jre.cfg inst_jre.cfg; do
  [ -f "$program/.install4j/$config" ] || continue
  read -r home <"$program/.install4j/$config" || [ -n "$home" ] || continue
  if [ -x "$home/bin/java" ]; then java=$home/bin/java; break; fi
done
[ -n "$java" ] || fail "the installer brought no Java that $program/.install4j names"
ln -s "$java" /usr/local/bin/gateway-java

# IBC renames the start script before each start, so that nobody starts the gateway around it. Done now, it leaves IBC
# nothing to write here when the gateway runs, and the folder can be read-only.
if [ -e "$program/ibgateway" ]; then mv "$program/ibgateway" "$program/ibgateway1"; fi
chown -R root:root /opt/ibgateway
chmod -R a+rX,go-w /opt/ibgateway
