#!/usr/bin/env bash
# Compares turnpike-proxy with nginx, and measures routing tables of growing size. docs/performance.md says what the figures mean.
#
#   bench/run.sh                  about four minutes, on loopback; report in out/bench/results.md
#
# Environment (default):
#   ROUNDS (5)        interleaved rounds          SECONDS (3)         length of one measurement
#   CONNECTIONS (64)  keep-alive connections      WARMUP (8)          seconds of load before the first round, per protocol
#   PROXY_CPU (1)     the core of the proxies     OTHER_CPUS (0)      load generator and upstream
#   SUBJECTS          the proxies to compare with nginx (turnpike, and turnpike-aot if it is built); nginx-again shows the noise
#   PROXY_CMD         a command line to use instead of turnpike's own; {table} {http} {https} {admin} are filled in
#   SIZES (10 1000 10000)  Ingresses in a table; empty leaves this part out
#   UPDATE_DOCS       if set, the figures also replace those in docs/performance.md
set -euo pipefail

# bash counts $SECONDS up from the value in the environment, so the caller's value is read first.
duration=$(printenv SECONDS || echo 3)
rounds=${ROUNDS:-5}
connections=${CONNECTIONS:-64}
warmup=${WARMUP:-8}
proxy_cpu=${PROXY_CPU:-1}
other_cpus=${OTHER_CPUS:-0}
read -ra sizes <<<"${SIZES-10 1000 10000}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
out=$root/out/bench
# shellcheck source=bench/lib.sh
. "$here/lib.sh"
# shellcheck source=bench/nginx.sh
. "$here/nginx.sh"
# shellcheck source=bench/manifests.sh
. "$here/manifests.sh"
# shellcheck source=bench/load.sh
. "$here/load.sh"
# shellcheck source=bench/tables.sh
. "$here/tables.sh"

work=$(mktemp -d)
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

turnpike=$root/out/bin/turnpike
aot=$root/out/aot/turnpike-proxy
default_subjects=turnpike
[ ! -x "$aot" ] || default_subjects="turnpike turnpike-aot"
read -ra subjects <<<"nginx ${SUBJECTS-$default_subjects}"

case " ${subjects[*]} " in
  *" turnpike"*) [ -x "$turnpike" ] || die "no $turnpike: run make build first" ;;
  *) sizes=() ;;
esac
[ "$(nproc --all)" -gt 1 ] || die 'needs two cores: one for the proxy, one for load and upstream'
need
mkdir -p "$out"
: >"$out/load.tsv"
: >"$out/tables.tsv"

openssl req -x509 -nodes -days 2 -newkey rsa:2048 -subj /CN=bench.example -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
free_port
upstream_port=$port
nginx_upstream "$work/upstream" "$upstream_port" >"$work/upstream.conf"
start "$out/upstream.log" "$other_cpus" nginx -c "$work/upstream.conf"
wait_for "$pid" "http://127.0.0.1:$upstream_port/" || die "the upstream does not start: see $out/upstream.log"

load_part
[ ${#sizes[@]} -eq 0 ] || tables_part

{
  echo "$(date -u +%F), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(nproc --all) cores, Linux $(uname -r);" \
    "$(nginx -v 2>&1 | sed 's|.*/|nginx |'), .NET $(dotnet --version 2>/dev/null || echo 'not installed')," \
    "Turnpike $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo 'of no commit')."
  echo
  echo "$rounds rounds of $duration s, $connections connections, 1 KB responses; each proxy alone on core $proxy_cpu."
  echo
  awk -f "$here/report-load.awk" "$out/load.tsv"
  [ ! -s "$out/tables.tsv" ] || awk -f "$here/report-tables.awk" "$out/tables.tsv"
} >"$out/results.md"
cat "$out/results.md"
if [ -n "${UPDATE_DOCS:-}" ]; then
  sed -i '/^<!-- figures/q' "$root/docs/performance.md"
  { echo; cat "$out/results.md"; } >>"$root/docs/performance.md"
fi
say "report in $out/results.md, single measurements in $out/*.tsv"
