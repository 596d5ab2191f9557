#!/usr/bin/env bash
# Installs Julia (1.5.3, from the bullseye suite of Debian) into a folder, for the tests that call the library by ccall.
# usage: .ci/get-julia.sh DIR     afterwards, DIR/julia runs it. Needs apt-get and dpkg, but not root: it
# installs nothing on the system, and uses the mirror that apt is configured with.
set -euo pipefail
dir=$(mkdir -p "$1" && cd "$1" && pwd)
[ -x "$dir/julia" ] && "$dir/julia" --version && exit 0
mirror=$( (grep -hs '^URIs:' /etc/apt/sources.list.d/*.sources | awk '{print $2}'; grep -hs '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list | sed 's/\[[^]]*\]//' | awk '{print $2}') | grep -v security | sed -n 1p || true)
[ -n "$mirror" ] || { echo "get-julia: this machine's apt names no Debian mirror" >&2; exit 1; }
mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" && : >"$dir/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bullseye main" >"$dir/sources.list"
apt=(apt-get -y -qq -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$dir/lists"
  -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" -o Debug::NoLocking=1)
"${apt[@]}" update
"${apt[@]}" --no-install-recommends --download-only install julia
for deb in "$dir"/cache/archives/*.deb; do
  case ${deb##*/} in libc6_*|libc-bin_*|libgcc-s1_*|libstdc++6_*) continue ;; esac # the system's own are newer
  dpkg -x "$deb" "$dir/root"
done
lib=$dir/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)
cat >"$dir/julia" <<EOF
#!/bin/sh
LD_LIBRARY_PATH="$lib:$lib/julia:$lib/openblas-pthread:$lib/blas:$lib/lapack\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$dir/root/usr/bin/julia" --startup-file=no "\$@"
EOF
chmod +x "$dir/julia"
rm -rf "$dir/cache" "$dir/lists"
"$dir/julia" --version
