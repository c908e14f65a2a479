#!/usr/bin/env bash
# Tells which nodes the cluster `podcheck` has and whether they are ready. Fails when there is no healthy cluster.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

engine_answers || die "no docker engine answers here; run node-image/up.sh"
cluster_exists || die "there is no cluster podcheck; run node-image/up.sh"
nodes=$(kubectl --context kind-podcheck --request-timeout 5s get nodes \
  -o 'jsonpath={range .items[*]}{.metadata.name} {.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null) ||
  die "cluster podcheck does not answer; run node-image/up.sh to make it anew"
while read -r node version ready; do
  [[ $ready = True ]] && word=ready || word="not ready"
  printf '      %-24s kubelet %-10s %s\n' "$node" "$version" "$word"
done <<<"$nodes"
! grep -qv ' True$' <<<"$nodes"
