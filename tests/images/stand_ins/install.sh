#!/bin/sh
# Stands in for IB Gateway's installer: takes the same arguments and leaves the same files where the same programs look
# for them. What it installs follows the marker, as a tar archive.
# shellcheck disable=SC2317
set -eu
[ "$1" = -q ] && [ "$2" = -dir ] && [ $# -eq 3 ] || { echo "usage: $0 -q -dir FOLDER" >&2; exit 2; }
java=/usr/local/i4j_jres/stand-in
mkdir -p "$3" "$java"
sed '1,/^ARCHIVE$/d' "$0" | tar -xf - -C "$3"
mv "$3/jre/bin" "$java/bin"
rmdir "$3/jre"
printf '%s\n' "$java" >"$3/.install4j/inst_jre.cfg"
exit 0
ARCHIVE
