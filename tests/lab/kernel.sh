# kernel.sh: which kernels with openvswitch this machine has.  Sourced by run, build-kernel
# and deploy/setup; wants lab_dir set to this directory.
#
# The cache of built kernels lies outside the tree, so that every clone of one user shares
# it.  A kernel's file name carries the fingerprint of kernel.config: after a change of the
# options the old one is no longer found, and build-kernel makes another.

lab_cache=${MIDSPAN_LAB:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/midspan/lab}
lab_fingerprint=$(sha256sum "$lab_dir/kernel.config" | cut -c1-10)

# Prints the path of the built kernel, or fails.
lab_kernel() {
  local kernel
  for kernel in "$lab_cache"/linux-*-"$lab_fingerprint"; do
    [ -x "$kernel" ] && { printf '%s\n' "$kernel"; return 0; }
  done
  return 1
}

# The running kernel's openvswitch is loaded, can be loaded, or is built in.
lab_module() {
  [ -d /sys/module/openvswitch ] || modprobe -q openvswitch 2>/dev/null ||
    grep -q -m 1 ' ovs_dp_process_packet' /proc/kallsyms 2>/dev/null
}

# This machine's own kernel will do: the module, root, and namespaces to keep to ourselves.
lab_native() {
  [ "$(id -u)" = 0 ] && lab_module && unshare -nm true 2>/dev/null
}
