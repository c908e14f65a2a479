#!/usr/bin/env bash
# Installs and starts what a Kind cluster needs: the Docker engine, kind, kubectl. Changes nothing where they are there.
# Meant for a bare Debian machine, as root, with or without systemd.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=common.sh
source "$here/common.sh"

# 0.27 cannot write kubeadm configuration for Kubernetes 1.36 and newer.
kind_version=v0.33.0
log=/var/log/podcheck-dockerd.log

install_engine() {
  need_root "install the docker engine"
  say "installing the docker engine (about 1 minute)"
  apt_install trixie docker.io containerd runc iptables
}

install_kind() {
  have go || die "kind is missing, and go to build it with too; install either kind $kind_version or go 1.26 and run this again"
  say "building kind $kind_version (about 1 minute)"
  go install "sigs.k8s.io/kind@$kind_version" || die "kind could not be built; is the go proxy reachable?"
}

install_kubectl() {
  need_root "install kubectl"
  say "installing kubectl"
  apt_install trixie kubernetes-client
}

# A killed engine leaves its pid files behind. They do no harm until another process is given that number:
# then dockerd takes it for its own predecessor and refuses to start.
drop_stale_pid_file() {
  local file=$1 program=$2 pid
  [[ -f $file ]] || return 0
  pid=$(<"$file")
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) = "$program" ]] || rm -f "$file"
}

start_engine() {
  need_root "start the docker engine"
  # Kind mounts this folder into every node; an empty one will do.
  mkdir -p /lib/modules
  if [[ -d /run/systemd/system ]]; then
    say "starting the docker engine with systemd"
    systemctl start docker || die "systemd could not start docker; see 'journalctl -u docker'"
  elif pgrep -x dockerd >/dev/null; then
    say "waiting for the docker engine that is starting already"
  else
    say "starting the docker engine, log in $log"
    drop_stale_pid_file /var/run/docker.pid dockerd
    drop_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
    # Its own session, and no descriptor of ours: it must outlive this script and the caller's pipes.
    setsid nohup dockerd </dev/null >>"$log" 2>&1 {lock}>&- &
  fi
  local i
  for ((i = 0; i < 120; i++)); do
    engine_answers && return
    sleep 0.5
  done
  die "the docker engine does not answer after 60 seconds; its last lines in $log: $(tail -n 3 "$log" 2>/dev/null)"
}

# Two callers at once would start two engines.
exec {lock}>"${TMPDIR:-/tmp}/podcheck-install.lock"
flock "$lock"

if ! engine_answers; then
  have dockerd || install_engine
  start_engine
fi
[[ -d /lib/modules ]] || mkdir -p /lib/modules 2>/dev/null || true
have kind || install_kind
have kubectl || install_kubectl
say "docker $(docker version --format '{{.Server.Version}}'), $(kind --version), kubectl are ready"
