# Shared by the scripts beside it; source it, do not run it.
# shellcheck shell=bash

if ((BASH_VERSINFO[0] < 5)); then
  echo "error: these scripts want bash 5 or newer, and this is $BASH_VERSION" >&2
  exit 1
fi

# shellcheck disable=SC2034 # read by those who source this
# What is expensive to make is kept here: Kubernetes programs, root file systems.
cache=${PODCHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/podcheck}

# Where dockerd is, and Go and what it installs; a caller need not have these in its path.
export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/usr/local/go/bin"
if command -v go >/dev/null; then
  PATH="$PATH:$(go env GOPATH)/bin"
fi

# One line per step, with the seconds since the first script began; those it calls go on counting.
export PODCHECK_BEGAN=${PODCHECK_BEGAN:-$EPOCHSECONDS}
say() { printf '%4ds  %s\n' $((EPOCHSECONDS - PODCHECK_BEGAN)) "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# take_lock NAME: waits until no other script holds it. What outlives the script must be started with {lock}>&-
take_lock() {
  mkdir -p "$cache/locks" 2>/dev/null || true
  [[ -w $cache/locks ]] || die "$cache cannot be written to; name another folder in PODCHECK_CACHE"
  exec {lock}>"$cache/locks/${1//[:\/]/-}"
  flock "$lock"
}

have() { command -v "$1" >/dev/null 2>&1; }

engine_answers() { have docker && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

cluster_exists() { have kind && kind get clusters 2>/dev/null | grep -qx podcheck; }

delete_cluster() {
  kind delete cluster -q --name podcheck
  # Node images that were replaced while their nodes were running.
  docker image prune -f --filter label=podcheck.inputs >/dev/null
}

need_root() { [[ $EUID = 0 ]] || die "only root can $1; run this as root, or do it by hand first"; }

# need_version STRING: accepts v1.34.0 and nothing looser, since it names a module, an image and a folder.
need_version() {
  [[ $1 =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
    die "'$1' is not a kubernetes version; write all three numbers, such as v1.34.0"
}

# need_kubelet STRING: a version, perhaps with gates, such as v1.28.15+SidecarContainers=false
need_kubelet() {
  need_version "${1%%+*}"
  [[ $1 != *+* || ${1#*+} =~ ^[A-Za-z]+=(true|false)(,[A-Za-z]+=(true|false))*$ ]] ||
    die "'${1#*+}' is not a list of feature gates; write it like SidecarContainers=false"
}

# The images' names. A tag knows neither + nor = nor comma.
node_image() { echo "podcheck/node:$1"; }
worker_image() { echo "podcheck/worker:$(tr '+=,' '---' <<<"$2")-under-$1"; }

# The root file system that debian.sh makes; another recipe gets another file.
debian_tar() { echo "$cache/debian-$(sha256sum "$1/debian.sh" | cut -c 1-12).tar"; }

# minor v1.34.0 prints 34.
minor() {
  local rest=${1#v*.}
  echo "${rest%%.*}"
}

# The mirror this machine already uses, read from apt's own configuration.
debian_mirror() {
  # shellcheck disable=SC2016 # the dollar is apt's, not ours
  apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null | sort -u | sed -n 1p
}

# apt_install SUITE PACKAGE...: from that suite, which is added at a low priority so that nothing else follows it.
apt_install() {
  local suite=$1 mirror
  shift
  grep -qsE '^ID(_LIKE)?=.*debian' /etc/os-release || die "$* missing, and this is not debian; install the same by its own means"
  export DEBIAN_FRONTEND=noninteractive
  mirror=$(debian_mirror)
  if [[ -z $mirror ]]; then
    apt-get update -q >/dev/null || true
    mirror=$(debian_mirror)
  fi
  [[ -n $mirror ]] || die "apt has no debian mirror configured; add one to /etc/apt/sources.list"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" "$suite" >/etc/apt/sources.list.d/podcheck.sources
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$suite" >/etc/apt/preferences.d/podcheck
  apt-get update -q >/dev/null || die "apt-get update failed; is $mirror reachable?"
  local log
  log=$(mktemp)
  # Something else may be installing too.
  apt-get install -y -q --no-install-recommends -t "$suite" -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=300 \
    "$@" >"$log" 2>&1 ||
    die "apt could not install $*: $(tail -n 5 "$log")"
  rm -f "$log"
}
