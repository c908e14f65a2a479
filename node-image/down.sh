#!/usr/bin/env bash
# Deletes the cluster `podcheck`. Images and caches stay, so that the next up.sh takes half a minute.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if ! engine_answers; then
  say "there is no cluster podcheck: no docker engine answers here"
elif ! cluster_exists; then
  say "there is no cluster podcheck"
else
  delete_cluster
  say "cluster podcheck is deleted"
fi
