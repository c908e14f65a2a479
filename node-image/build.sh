#!/usr/bin/env bash
# Makes one node image, podcheck/node or podcheck/worker.
#
#   build.sh node VERSION              a control plane of that version, with its own kubelet
#   build.sh worker CP_VERSION KUBELET a node for that control plane with a kubelet of another version
#
# KUBELET is a version, or a version and its feature gates: v1.28.15+SidecarContainers=false
#
# Kind's public images are used where they can be pulled. Elsewhere the images are built from Kubernetes' Go modules
# and Debian packages. An image is built again only when something it is made of has changed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=common.sh
source "$here/common.sh"

usage="usage: build.sh node VERSION | build.sh worker CONTROL_PLANE_VERSION KUBELET_VERSION[+GATE=BOOL,...]"
[[ $# -ge 2 ]] || die "$usage"
kind=$1
version=$2
need_version "$version"
case $kind in
  node)
    kubelet=$version
    gates=
    name=$(node_image "$version")
    ;;
  worker)
    [[ $# -eq 3 ]] || die "$usage"
    need_kubelet "$3"
    kubelet=${3%%+*}
    gates=${3#"$kubelet"}
    gates=${gates#+}
    # Sidecars were off by default in 1.28.
    [[ -n $gates || $(minor "$kubelet") != 28 ]] || gates=SidecarContainers=true
    name=$(worker_image "$version" "$3")
    ;;
  *) die "$usage" ;;
esac
engine_answers || die "the docker engine does not answer; run node-image/install.sh"

# Everything that our own images are made of; a public one only changes with its version.
inputs=$(cd "$here" && find rootfs pause build.sh debian.sh -type f -print0 | LC_ALL=C sort -z |
  xargs -0 sha256sum | sha256sum | cut -c 1-12)

label_of() { docker image inspect --format "{{index .Config.Labels \"podcheck.$2\"}}" "$1" 2>/dev/null || true; }

# current IMAGE: made from these very files, or from the public image, which does not age.
current() { [[ $(label_of "$1" inputs) = "$inputs" || $(label_of "$1" source) = public ]]; }

containers=()
work=$(mktemp -d)
cleanup() {
  rm -rf "$work"
  [[ ${#containers[@]} -eq 0 ]] || docker rm -f -v "${containers[@]}" >/dev/null 2>&1 || true
}
trap cleanup EXIT

# One image of a name at a time; whoever comes second finds it made.
take_lock "$name"

! current "$name" || exit 0

# from IMAGE: a container to change and commit; its id is put into $container.
from() {
  container=$(docker create --label podcheck.build=1 "$1")
  containers+=("$container")
}

# keep SOURCE [CHANGE...]: commits $container under our name, with the labels that tell how it was made.
keep() {
  local source=$1 change
  shift
  local changes=(--change "LABEL podcheck.inputs=$inputs" --change "LABEL podcheck.source=$source")
  for change in "$@"; do changes+=(--change "$change"); done
  docker commit "${changes[@]}" "$container" "$name" >/dev/null
}

# --- from Kind's public images -------------------------------------------------------------------------------------

# public VERSION: kind's image of that version is here, or can be pulled.
public() {
  local image=kindest/node:$1
  docker image inspect "$image" >/dev/null 2>&1 && return
  # The manifest is small: it tells soon whether the image, which is not, can be pulled.
  timeout 10 docker manifest inspect "$image" >/dev/null 2>&1 || return 1
  say "pulling $image"
  docker pull -q "$image" >/dev/null
}

public_node() {
  from "kindest/node:$version"
  keep public
}

public_worker() {
  from "kindest/node:$kubelet"
  docker cp -q "$container:/usr/bin/kubelet" "$work/kubelet"
  from "kindest/node:$version"
  put_kubelet "$work/kubelet"
  keep public
}

# --- from Go modules and Debian packages ---------------------------------------------------------------------------

built=$cache/kubernetes

# put_kubelet FILE: into $container, with the gates of this kubelet. They are set on this node only, since kubelets
# of other versions refuse gates that they do not know.
put_kubelet() {
  local tree=$work/kubelet-tree settings args
  mkdir -p "$tree/usr/bin" "$tree/etc/default"
  install -m 755 "$1" "$tree/usr/bin/kubelet"
  if [[ -n $gates ]]; then
    settings=$tree/etc/default/kubelet
    docker cp -q "$container:/etc/default/kubelet" "$settings" 2>/dev/null || true
    args=$(sed -n 's/^KUBELET_EXTRA_ARGS="\{0,1\}\([^"]*\)"\{0,1\}$/\1 /p' "$settings" 2>/dev/null || true)
    echo "KUBELET_EXTRA_ARGS=\"$args--feature-gates=$gates\"" >"$settings"
  fi
  tar -C "$tree" --owner=0 --group=0 -c . | docker cp -q - "$container:/"
}

# scratch_image NAME FOLDER COMMAND: an image with nothing but that folder.
scratch_image() {
  tar -C "$2" --owner=0 --group=0 -c . |
    docker import --change "ENV PATH=/bin:/usr/bin:/sbin:/usr/sbin" --change "$3" - "$1" >/dev/null
}

# preload_tar FILE: the images that a node must have since it cannot pull them, under the names kubeadm gives them.
preload_tar() {
  local names=() image component folder=$work/image
  local wanted
  wanted=$("$built/$version/kubeadm" config images list --kubernetes-version "$version" 2>/dev/null)

  for image in $wanted; do
    component=${image##*/}
    component=${component%%:*}
    rm -rf "$folder"
    mkdir -p "$folder/bin" "$folder/tmp"
    case $component in
      kube-apiserver | kube-controller-manager | kube-scheduler | etcd)
        cp "$built/$version/$component" "$folder/bin/"
        scratch_image "$image" "$folder" "CMD [\"$component\"]"
        ;;
      pause)
        (cd "$here/pause" && CGO_ENABLED=0 GOWORK=off go build -trimpath -ldflags "-s -w" -o "$folder/bin/pause" .)
        scratch_image "$image" "$folder" 'ENTRYPOINT ["/bin/pause"]'
        sandbox=$image
        ;;
      *) continue ;; # kube-proxy and coredns: this cluster does without
    esac
    names+=("$image")
  done

  # The test pods' shell. The second name lets a test change a container's image without anything to pull.
  rm -rf "$folder"
  mkdir -p "$folder"/{bin,etc,root,tmp,var}
  chmod 1777 "$folder/tmp"
  docker cp -q "$container:/bin/busybox" "$folder/bin/busybox"
  local applet
  for applet in $("$folder/bin/busybox" --list); do
    [[ $applet = busybox ]] || ln -s busybox "$folder/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$folder/etc/passwd"
  echo 'root:x:0:' >"$folder/etc/group"
  scratch_image busybox:1.36 "$folder" 'CMD ["sh"]'
  docker tag busybox:1.36 busybox:1.36.1
  names+=(busybox:1.36 busybox:1.36.1)

  docker save -o "$1" "${names[@]}"
  docker rmi "${names[@]}" >/dev/null
}

built_node() {
  "$here/build-kubernetes.sh" "$version" kubelet kubeadm kubectl kube-apiserver kube-controller-manager kube-scheduler etcd
  "$here/debian.sh"
  local base_tar base
  base_tar=$(debian_tar "$here")
  base=podcheck/$(basename "$base_tar" .tar | tr - :)
  docker image inspect "$base" >/dev/null 2>&1 || docker import "$base_tar" "$base" >/dev/null

  say "assembling $name (about 15 seconds)"
  # Privileged and running, since containerd must run in it to take in the images.
  container=$(docker run -d --privileged --label podcheck.build=1 "$base" sleep infinity)
  containers+=("$container")
  preload_tar "$work/images.tar"

  local tree=$work/tree component
  cp -a "$here/rootfs" "$tree"
  mkdir -p "$tree/usr/bin" "$tree/opt/cni"
  sed -i "s#SANDBOX_IMAGE#$sandbox#" "$tree/etc/containerd/config.toml"
  for component in kubelet kubeadm kubectl; do
    install -m 755 "$built/$version/$component" "$tree/usr/bin/$component"
  done
  # Debian keeps the network plugins elsewhere than containerd looks for them.
  ln -s /usr/lib/cni "$tree/opt/cni/bin"
  echo "$version" >"$tree/kind/version"
  tar -C "$tree" --owner=0 --group=0 -c . | docker cp -q - "$container:/"
  docker exec "$container" systemctl enable --quiet containerd kubelet

  docker cp -q "$work/images.tar" "$container:/images.tar"
  docker exec "$container" bash -euc '
    containerd >/containerd.log 2>&1 & pid=$!
    for i in $(seq 100); do ctr version >/dev/null 2>&1 && break; sleep 0.2; done
    ctr -n k8s.io images import --no-unpack /images.tar >/dev/null || { cat /containerd.log; exit 1; }
    kill $pid; wait $pid || true
    rm -rf /images.tar /containerd.log /run/containerd' >&2 || die "containerd in the node image could not take in the images; its log is above"

  keep built "CMD []" "ENV container=docker" 'ENTRYPOINT ["/usr/local/bin/entrypoint"]' "STOPSIGNAL SIGRTMIN+3"
}

built_worker() {
  "$here/build-kubernetes.sh" "$kubelet" kubelet
  "${BASH_SOURCE[0]}" node "$version"
  from "$(node_image "$version")"
  put_kubelet "$built/$kubelet/kubelet"
  keep built
}

# A cluster is made of one kind only: all public, or all our own.
case $kind in
  node) if public "$version"; then public_node; else built_node; fi ;;
  worker) if public "$version" && public "$kubelet"; then public_worker; else built_worker; fi ;;
esac
say "made $name"
