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
  # The client is a package of its own since trixie.
  apt_install trixie docker.io docker-cli containerd runc iptables
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

# alive PROGRAM PID: one that was killed can stay as a zombie where the first process is no init.
alive() {
  local status
  status=$(cat "/proc/$2/status" 2>/dev/null) || return 1
  [[ $status =~ ^Name:$'\t'$1$'\n' && ! $status =~ State:$'\t'[ZX] ]]
}

# running PROGRAM: found without pgrep, which a bare machine does not have.
running() {
  local process
  for process in /proc/[0-9]*; do
    ! alive "$1" "${process#/proc/}" || return 0
  done
  return 1
}

# A killed engine leaves its pid files behind. They do no harm until another process is given that number, or the
# killed one stays as a zombie: then dockerd takes it for its own predecessor and refuses to start.
drop_stale_pid_file() {
  [[ -f $1 ]] || return 0
  alive "$2" "$(<"$1")" || rm -f "$1"
}

launch_engine() {
  drop_stale_pid_file /var/run/docker.pid dockerd
  drop_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
  # Its own session, and no descriptor of ours: it must outlive this script and the caller's pipes.
  setsid nohup dockerd </dev/null >>"$log" 2>&1 {lock}>&- &
}

start_engine() {
  need_root "start the docker engine"
  # Kind mounts this folder into every node; an empty one will do.
  mkdir -p /lib/modules
  local systemd=no i launches=0
  if [[ -d /run/systemd/system ]]; then
    systemd=yes
    say "starting the docker engine with systemd"
    systemctl start docker || die "systemd could not start docker; see 'journalctl -u docker'"
  else
    mkdir -p "$(dirname "$log")"
    say "starting the docker engine, log in $log"
  fi
  for ((i = 0; i < 120; i++)); do
    engine_answers && return
    # It may be there and still starting, or be gone a moment after it was seen.
    if [[ $systemd = no && $launches -lt 3 ]] && ! running dockerd; then
      launch_engine
      launches=$((launches + 1))
    fi
    sleep 0.5
  done
  die "the docker engine does not answer after 60 seconds; see ${log} or 'journalctl -u docker'"
}

# Two callers at once would start two engines.
take_lock install

if ! engine_answers; then
  if ! have docker || ! have dockerd; then
    install_engine
  fi
  start_engine
fi
[[ -d /lib/modules ]] || mkdir -p /lib/modules 2>/dev/null || true
have kind || install_kind
have kubectl || install_kubectl
say "docker $(docker version --format '{{.Server.Version}}'), $(kind --version), kubectl are ready"
