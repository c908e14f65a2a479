#!/usr/bin/env bash
# Builds Kubernetes programs of one version from their public Go modules.
#
#   build-kubernetes.sh VERSION COMPONENT...
#   build-kubernetes.sh v1.34.0 kubelet kubeadm
#
# Components: the commands of Kubernetes (kubelet, kubeadm, kubectl, kube-apiserver, kube-controller-manager,
# kube-scheduler) and etcd, in the version which that kubeadm asks for. What is already in the cache is not built again.
# PODCHECK_NICE is the priority, 10 unless told.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ $# -ge 2 ]] || die "usage: build-kubernetes.sh VERSION COMPONENT..."
version=$1
shift
need_version "$version"
have go || die "go is missing, and without it no kubernetes can be built; install go 1.26 or newer"

out=$cache/kubernetes/$version

# One build of a version at a time: a second caller waits here and then finds everything done.
take_lock "kubernetes-$version"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Low priority: a build of minutes must not slow down the pods being measured.
export CGO_ENABLED=0 GOWORK=off
go_build() {
  nice -n "${PODCHECK_NICE:-10}" go build -mod=mod -p 2 -trimpath "$@" 2> >(grep -v '^go: \(downloading\|finding\) ' >&2)
}

# Kubernetes asks for its staging modules at v0.0.0, which only exist inside its own repository. Outside, each
# minor is published as v0.MINOR.PATCH, so a module of our own replaces the one with the other.
write_kubernetes_module() {
  local module=k8s.io/kubernetes@$version found
  found=$(cd "$work" && go mod download -json "$module") ||
    die "kubernetes $version cannot be had as a go module; is it a released version? go says: $(sed -n 's/^\t"Error": "\(.*\)"$/\1/p' <<<"$found")"
  local dir
  dir=$(sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p' <<<"$found")
  commit=$(sed -n 's/^\t\t"Hash": "\(.*\)",\{0,1\}$/\1/p' <<<"$found")
  built=$(sed -n 's/^\t"Time": "\(.*\)",\{0,1\}$/\1/p' <<<"$found")

  cp "$dir/go.sum" "$work/go.sum"
  chmod u+w "$work/go.sum"
  {
    echo "module podcheck.local/kubernetes"
    # The go and godebug lines decide run-time defaults, so take those of that version.
    grep -E '^(go|godebug) [^(]' "$dir/go.mod"
    sed -n '/^godebug (/,/^)/p' "$dir/go.mod"
    echo "require k8s.io/kubernetes $version"
    sed -n 's#^\t\(k8s.io/[a-z0-9-]*\) v0\.0\.0$#\1#p' "$dir/go.mod" | while read -r staging; do
      echo "replace $staging => $staging v0.${version#v1.}"
    done
  } >"$work/go.mod"
}

build_kubernetes() {
  write_kubernetes_module
  # Without the stamp kubeadm and the node would call themselves v0.0.0.
  local v=k8s.io/component-base/version
  local minor stamp
  minor=$(minor "$version")
  stamp="-X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=$minor"
  stamp+=" -X $v.gitTreeState=archive -X $v.gitCommit=${commit:-unknown} -X $v.buildDate=${built:-1970-01-01T00:00:00Z}"
  local component
  mkdir -p "$out"
  for component in "$@"; do
    (cd "$work" && go_build -ldflags "-s -w -checklinkname=0 $stamp" -o "$work/$component" "k8s.io/kubernetes/cmd/$component") ||
      die "building $component $version failed; the compiler's message is above"
    mv "$work/$component" "$out/$component"
    say "built $component $version"
  done
}

build_etcd() {
  local tag
  tag=$("$out/kubeadm" config images list --kubernetes-version "$version" 2>/dev/null | sed -n 's#.*/etcd:##p')
  [[ -n $tag ]] || die "kubeadm $version does not say which etcd it wants"
  printf 'module podcheck.local/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' "${tag%-*}" >"$work/go.mod"
  rm -f "$work/go.sum"
  (cd "$work" && go_build -ldflags "-s -w" -o "$work/etcd" go.etcd.io/etcd/server/v3) ||
    die "building etcd ${tag%-*} failed; the compiler's message is above"
  mv "$work/etcd" "$out/etcd"
  say "built etcd ${tag%-*}"
}

todo=()
etcd=no
for component in "$@"; do
  [[ -x $out/$component ]] && continue
  case $component in
    etcd) etcd=yes ;;
    kubelet | kubeadm | kubectl | kube-apiserver | kube-controller-manager | kube-scheduler) todo+=("$component") ;;
    *) die "unknown component '$component'" ;;
  esac
done
if [[ $etcd = yes && ! -x $out/kubeadm && ! " ${todo[*]-} " =~ " kubeadm " ]]; then
  todo=(kubeadm "${todo[@]}")
fi

if [[ ${#todo[@]} -gt 0 ]]; then
  # Measured on two cores; the first program of a version compiles most of what the others use.
  expected="about 4 minutes"
  [[ ${#todo[@]} -eq 1 ]] || expected="about 10 minutes"
  say "building ${todo[*]} $version ($expected)"
  build_kubernetes "${todo[@]}"
fi
if [[ $etcd = yes ]]; then
  build_etcd
fi
