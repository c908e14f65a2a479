#!/usr/bin/env bash
# Makes the cluster `podcheck` (context kind-podcheck) with the wanted versions, from whatever state this machine is in.
#
#   up.sh [--kubernetes VERSION] [--kubelet VERSION[+GATE=BOOL,...]]...
#
# Without flags: the nodes of kind-config.yaml. With flags: only what they name, so that --kubernetes alone makes a
# cluster of one node, and --kubelet alone puts its workers under the control plane of kind-config.yaml. A cluster that is there, healthy and the same is left as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
source "$here/common.sh"

cluster=podcheck
template=$here/../kind-config.yaml
[[ -f $template ]] || die "kind-config.yaml is missing beside node-image"

# --- what is wanted ------------------------------------------------------------------------------------------------

kubernetes=$(sed -n 's#.*image: podcheck/node:##p' "$template")
mapfile -t kubelets < <(sed -n 's#.*image: podcheck/worker:\(.*\)-under-.*#\1#p' "$template")
[[ $# -eq 0 ]] || kubelets=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --kubernetes | --kubelet)
      [[ $# -ge 2 ]] || die "$1 wants a version, such as v1.34.0"
      if [[ $1 = --kubernetes ]]; then
        kubernetes=$2
      else
        kubelets+=("$2")
      fi
      shift 2
      ;;
    *) die "unknown argument '$1'; usage: up.sh [--kubernetes VERSION] [--kubelet VERSION]..." ;;
  esac
done
need_version "$kubernetes"
for kubelet in "${kubelets[@]}"; do
  need_kubelet "$kubelet"
  (($(minor "${kubelet%%+*}") <= $(minor "$kubernetes"))) ||
    die "kubelet $kubelet is newer than the control plane $kubernetes, which kubernetes does not support; raise --kubernetes"
done

described="control plane $kubernetes"
[[ ${#kubelets[@]} -eq 0 ]] || described+=", workers ${kubelets[*]}"

# Two callers at once would delete each other's cluster.
take_lock up

# --- the pieces ----------------------------------------------------------------------------------------------------

"$here/install.sh" {lock}>&-

nodes=("$(node_image "$kubernetes")")
for kubelet in "${kubelets[@]}"; do
  nodes+=("$(worker_image "$kubernetes" "$kubelet")")
done
"$here/build.sh" node "$kubernetes"
for kubelet in "${kubelets[@]}"; do
  "$here/build.sh" worker "$kubernetes" "$kubelet"
done

# --- is it there already? ------------------------------------------------------------------------------------------

kube() { kubectl --context "kind-$cluster" --request-timeout 10s "$@"; }

image_ids() { docker image inspect --format '{{.Id}}' "$@"; }
running_image_ids() {
  docker ps -q --filter "label=io.x-k8s.kind.cluster=$cluster" | xargs -r docker inspect --format '{{.Image}}' | sort
}

# all_alive: every node is ready, and its kubelet answers through the API server. After the engine has died the nodes
# come back by themselves but perhaps with each other's addresses, and what the API server remembers of them is old.
all_alive() {
  local names name i
  names=$(kube get nodes -o 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}' 2>/dev/null |
    sed -n 's/ True$//p') || return 1
  [[ $(grep -c . <<<"$names") -eq ${#nodes[@]} ]] || return 1
  for name in $names; do
    for ((i = 0; i < 10; i++)); do
      [[ $(kube get --raw "/api/v1/nodes/$name/proxy/healthz" 2>/dev/null) = ok ]] && continue 2
      sleep 1
    done
    return 1
  done
}

same_images() {
  [[ $(running_image_ids) = "$(image_ids "${nodes[@]}" | sort)" ]]
}

if cluster_exists; then
  if same_images && all_alive; then
    say "cluster $cluster is up already: $described"
    exit
  fi
  say "removing the cluster that is there: other versions, or no answer"
  delete_cluster
fi

# --- make it -------------------------------------------------------------------------------------------------------

# Each node runs its own systemd and kubelet, and they share the host's inotify instances.
inotify=/proc/sys/fs/inotify/max_user_instances
if [[ -w $inotify && $(<$inotify) -lt 1024 ]]; then
  echo 1024 >$inotify
fi

cgroup=$(docker info --format '{{.CgroupVersion}}')
source=$(docker image inspect --format '{{index .Config.Labels "podcheck.source"}}' "${nodes[0]}")
config=$cache/kind-config.yaml
{
  while IFS= read -r line && [[ $line != nodes: ]]; do
    echo "$line"
    if [[ $line = kubeadmConfigPatches: && $cgroup = 1 ]]; then
      # cgroup v1: kubelets from 1.35 on want to be told that this is meant, and systemd's driver does not work there.
      printf '  - |\n    kind: KubeletConfiguration\n    failCgroupV1: false\n    cgroupDriver: cgroupfs\n    oomScoreAdj: 0\n'
    fi
  done <"$template"
  if [[ $source = built ]]; then
    printf 'networking:\n  disableDefaultCNI: true\n  kubeProxyMode: none\n\n'
  fi
  echo "nodes:"
  for node in "${nodes[@]}"; do
    role=worker
    [[ $node = podcheck/worker:* ]] || role=control-plane
    printf '  - role: %s\n    image: %s\n' "$role" "$node"
  done
} >"$config"

say "creating cluster $cluster: $described (about half a minute)"
log=$cache/kind-create.log
kind create cluster --config "$config" --wait 180s --retain >"$log" 2>&1 {lock}>&- ||
  die "kind could not create the cluster: $(grep -iE '^error' "$log" | tail -n 1); see $log, and the nodes' own words with 'kind export logs --name $cluster'"

if [[ $source = built ]]; then
  # Nobody can pull its image here, and the pods under test look nothing up.
  kube -n kube-system delete deployment coredns >/dev/null
else
  say "loading busybox into the nodes"
  docker image inspect busybox:1.36 >/dev/null 2>&1 || docker pull -q busybox:1.36 >/dev/null
  # A second name of the same image, so that a test can change a container's image without anything to pull.
  docker tag busybox:1.36 busybox:1.36.1
  kind load docker-image -q --name "$cluster" busybox:1.36 busybox:1.36.1
fi
# Its kubelet is under test like any other.
kube taint nodes --all node-role.kubernetes.io/control-plane- >/dev/null 2>&1 || true

say "waiting for all nodes"
kube wait --for=condition=Ready nodes --all --timeout=120s --request-timeout=0 >/dev/null ||
  die "not all nodes became ready within 120 seconds; see 'kubectl --context kind-$cluster describe nodes'"
for ((i = 0; i < 60; i++)); do
  # No pod is admitted to a namespace before it has this account.
  kube -n default get serviceaccount default >/dev/null 2>&1 && break
  sleep 0.5
done
"$here/status.sh"
say "cluster $cluster is up, context kind-$cluster"
