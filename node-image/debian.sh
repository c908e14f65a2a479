#!/usr/bin/env bash
# Makes the Debian root file system that our node images stand on, as a tar file in the cache.
#
# bookworm, because its systemd 252 still boots on cgroup v1 without a switch; containerd and runc from forky, because
# Kubernetes 1.36 and newer want containerd 2.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=common.sh
source "$here/common.sh"

base_suite=bookworm
runtime_suite=forky
packages=(
  systemd systemd-sysv dbus procps kmod mount util-linux
  iproute2 iptables conntrack ethtool socat containernetworking-plugins
  busybox-static # the test pods' image is made of it
)

tar=$(debian_tar "$here")
take_lock debian
[[ ! -f $tar ]] || exit 0

need_root "make a root file system"
have debootstrap || apt_install trixie debootstrap
mirror=$(debian_mirror)
[[ -n $mirror ]] || die "apt has no debian mirror configured; add one to /etc/apt/sources.list"

say "making a debian root file system (about 1 minute)"
root=$(mktemp -d)
log=$cache/debian.log
trap 'umount -q "$root/proc" || true; rm -rf "$root"' EXIT
chmod 755 "$root"

list=$(IFS=,; echo "${packages[*]%% *}")
debootstrap --variant=minbase --include="$list" "$base_suite" "$root" "$mirror" >"$log" 2>&1 ||
  die "debootstrap failed; see $log"

# Nothing may start while packages are being installed.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
echo "deb $mirror $runtime_suite main" >"$root/etc/apt/sources.list.d/$runtime_suite.list"
printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$runtime_suite" >"$root/etc/apt/preferences.d/$runtime_suite"
mount -t proc proc "$root/proc"
{
  # A mirror that lags behind has an index past its date; the signature is checked all the same.
  chroot "$root" apt-get update -q -o Acquire::Check-Valid-Until=false &&
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -q --no-install-recommends -t "$runtime_suite" containerd runc
} >>"$log" 2>&1 || die "installing containerd into the root file system failed; see $log"

# What a node never needs at boot, or cannot have inside a container.
chroot "$root" systemctl mask --quiet getty.target console-getty.service systemd-logind.service systemd-udevd.service \
  systemd-remount-fs.service systemd-resolved.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-modules-load.service \
  dev-hugepages.mount sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
chroot "$root" systemctl set-default --quiet multi-user.target

umount "$root/proc"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info} \
  "$root"/var/log/* "$root"/etc/machine-id "$root"/etc/apt/sources.list.d/* "$root/usr/sbin/policy-rc.d"
tar -C "$root" --numeric-owner -cf "$tar.part" .
mv "$tar.part" "$tar"
say "made the debian root file system ($(du -m "$tar" | cut -f1) MB)"
