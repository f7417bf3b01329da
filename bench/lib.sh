# Helpers of run.sh for processes, ports and the figures of /proc. This file is sourced and never run.

say() { printf '%s\n' "bench: $*" >&2; }
die() { say "$*"; exit 1; }

# The processes that were started here. The trap ends these and no others.
started=()

# start LOG CPUS COMMAND…  runs COMMAND in the background on these CPUs and sets $pid to its process ID
start() {
  local log=$1 cpus=$2
  shift 2
  taskset -c "$cpus" "$@" >"$log" 2>&1 &
  pid=$!
  started+=("$pid")
}

stop() {
  local i
  kill -TERM "$1" 2>/dev/null || true
  for i in $(seq 100); do
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
  for i in "${!started[@]}"; do
    [ "${started[$i]}" != "$1" ] || unset "started[$i]"
  done
}

stop_all() {
  local one
  for one in "${started[@]:+${started[@]}}"; do stop "$one"; done
}

# free_port  sets $port to a loopback port that has no listener; each call yields another port
next_port=18080
free_port() {
  while (exec 3<>"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; do next_port=$((next_port + 1)); done
  port=$next_port
  next_port=$((next_port + 1))
}

# wait_for PID URL [curl options…]  waits until the response is 200, for at most half a minute
wait_for() {
  local owner=$1 url=$2 end=$((SECONDS + 30))
  shift 2
  until [ "$(curl -sk -o /dev/null -m 2 -w '%{http_code}' "$@" "$url")" = 200 ]; do
    kill -0 "$owner" 2>/dev/null || return 1
    [ $SECONDS -lt $end ] || return 1
    sleep 0.005
  done
}

# tree PID  prints the process and all its descendants
tree() {
  local child
  echo "$1"
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do tree "$child"; done
}

# cpu_ticks PID  prints user and system time of the whole tree. Fields count from the bracket after the command's name, which may
# contain blanks.
cpu_ticks() {
  local one sum=0 stat
  for one in $(tree "$1"); do
    stat=$(sed 's/.*) //' "/proc/$one/stat" 2>/dev/null) || continue
    # shellcheck disable=SC2086
    set -- $stat
    sum=$((sum + ${12} + ${13}))
  done
  echo "$sum"
}

# rss_kb PID  prints the resident memory of the whole tree
rss_kb() {
  local one
  for one in $(tree "$1"); do cat "/proc/$one/status" 2>/dev/null || true; done | awk '/^VmRSS:/ { sum += $2 } END { print sum + 0 }'
}

now_us() { local t=$EPOCHREALTIME; echo "${t/[.,]/}"; }

need() {
  local missing=()
  command -v nginx >/dev/null || missing+=(nginx-light)
  command -v wrk >/dev/null || missing+=(wrk)
  command -v h2load >/dev/null || missing+=(nghttp2-client)
  command -v curl >/dev/null || missing+=(curl)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v taskset >/dev/null || missing+=(util-linux)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  local as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]:+${as_root[@]}}" apt-get update -qq
  # RUNLEVEL keeps the package from starting an nginx of its own on port 80.
  "${as_root[@]:+${as_root[@]}}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
