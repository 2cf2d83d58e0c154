#!/bin/bash
# Stands in for IBC's start script: the same arguments, the same conditions, the same exit codes.
complain() { echo "Error: $2" >&2; exit "$1"; }

for argument; do
  case $argument in
    -g | --gateway) gateway=yes ;;
    --tws-path=*) programs=${argument#*=} ;;
    --tws-settings-path=*) settings=${argument#*=} ;;
    --ibc-path=*) ibc=${argument#*=} ;;
    --ibc-ini=*) ini=${argument#*=} ;;
    --java-path=*) java=${argument#*=} ;;
    --mode=paper | --mode=live) mode=${argument#*=} ;;
    --on2fatimeout=restart | --on2fatimeout=exit) ;;
    -*) complain 3 "Invalid parameter '$argument'" ;;
    *) [ -z "$version" ] || complain 3 "Invalid parameter '$argument'"; version=$argument ;;
  esac
done
[ "$gateway" = yes ] || complain 3 "the stand-in has no TWS"
[ -n "$version" ] || complain 2 "TWS major version number has not been supplied"
program=$programs/ibgateway/$version
settings=${settings:-$programs}
[ -e "$settings" ] || complain 5 "TWS settings path: $settings does not exist"
[ -e "$program/jars" ] || complain 4 "Offline TWS/Gateway version $version is not installed: can't find jars folder"
[ -e "$ibc" ] || complain 5 "IBC path: $ibc does not exist"
[ -e "$ini" ] || complain 6 "IBC configuration file: $ini  does not exist"
[ -e "$program/ibgateway.vmoptions" ] || complain 7 "Neither tws.vmoptions nor ibgateway.vmoptions could be found"
for config in pref_jre.cfg inst_jre.cfg; do
  [ -n "$java" ] || { read -r home <"$program/.install4j/$config" && java=$home/bin; } 2>/dev/null
done
[ -e "$java/java" ] || complain 1 "No java executable found in supplied path $java"

cd "$settings" || exit 1
if [ -e "$program/ibgateway" ]; then mv "$program/ibgateway" "$program/ibgateway1" || exit 1; fi
trap 'kill -TERM $child' TERM INT
"$java/java" -cp "$ibc/IBC.jar" ibcalpha.ibc.IbcGateway "$ini" "$mode" &
child=$!
wait $child
trap - TERM INT
wait $child
status=$?
echo "IBC returned exit status $status"
exit $status
