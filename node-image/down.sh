#!/usr/bin/env bash
# Deletes the cluster `podcheck`. Images and caches stay, so that the next up.sh takes half a minute.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if ! have kind || ! engine_answers; then
  say "there is no cluster podcheck: no docker engine is running here"
  exit
fi
if kind get clusters 2>/dev/null | grep -qx podcheck; then
  kind delete cluster -q --name podcheck
  say "cluster podcheck is deleted"
else
  say "there is no cluster podcheck"
fi
