# Helpers of run.sh: processes, ports, what /proc tells. Sourced, never run.

say() { printf '%s\n' "bench: $*" >&2; }
die() { say "$*"; exit 1; }

# Every process started here, so that the trap ends them and no others.
started=()

# start LOG CPUS COMMAND…  runs it in the background on these CPUs; its pid is in $pid
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

# free_port  a port on loopback that nobody listens on; asked again, another one. The answer is in $port
next_port=18080
free_port() {
  while (exec 3<>"/dev/tcp/127.0.0.1/$next_port") 2>/dev/null; do next_port=$((next_port + 1)); done
  port=$next_port
  next_port=$((next_port + 1))
}

# wait_for PID URL [curl options…]  until the answer is 200, half a minute at most
wait_for() {
  local owner=$1 url=$2 end=$((SECONDS + 30))
  shift 2
  until [ "$(curl -sk -o /dev/null -m 2 -w '%{http_code}' "$@" "$url")" = 200 ]; do
    kill -0 "$owner" 2>/dev/null || return 1
    [ $SECONDS -lt $end ] || return 1
    sleep 0.005
  done
}

# tree PID  the process and all that descend from it
tree() {
  local child
  echo "$1"
  for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do tree "$child"; done
}

# cpu_ticks PID  user and system time of the whole tree. The command's name may hold blanks, so count from its closing bracket
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

# rss_kb PID  resident memory of the whole tree
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
  "${as_root[@]:+${as_root[@]}}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
