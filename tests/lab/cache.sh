# cache.sh: where the lab kernel lives.  Sourced by run, build-kernel and vswitchd.
#
# The cache lies outside the tree, so that every clone of one user shares it.  A kernel's
# file name carries the fingerprint of kernel.config: after a change of the options the old
# one is no longer found, and build-kernel makes another.

lab_cache=${MIDSPAN_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/midspan/lab}
lab_fingerprint=$(sha256sum "$lab_dir/kernel.config" | cut -c1-10)

# Prints the path of the built kernel, or fails.
lab_kernel() {
  local k
  for k in "$lab_cache"/linux-*-"$lab_fingerprint"; do
    [ -x "$k" ] && { printf '%s\n' "$k"; return 0; }
  done
  return 1
}
