# Part one puts the same load on each proxy in turn. run.sh sources this file.

declare -A pid_of http_of https_of

load_part() {
  local subject protocol round
  load_manifests "$work/load" "$upstream_port"
  for subject in "${subjects[@]}"; do
    start_subject "$subject" "$work/load"
    pid_of[$subject]=$pid
    http_of[$subject]=$http
    https_of[$subject]=$https
  done

  for protocol in http1 tls h2; do
    for subject in "${subjects[@]}"; do
      case $subject in
        nginx*) "load_$protocol" "$subject" 1 >/dev/null ;;
        *) [ "$warmup" -eq 0 ] || "load_$protocol" "$subject" "$warmup" >/dev/null ;;
      esac
    done
    for ((round = 1; round <= rounds; round++)); do
      say "$protocol: round $round of $rounds"
      for subject in "${subjects[@]}"; do measure "$protocol" "$subject" "$round"; done
    done
  done
  for subject in "${subjects[@]}"; do stop "${pid_of[$subject]}"; done
}

# start_subject NAME MANIFESTS  starts a proxy on the proxies' core and sets $pid, $http, $https and $admin
start_subject() {
  free_port; http=$port
  free_port; https=$port
  free_port; admin=$port
  case $1 in
    nginx*)
      nginx_proxy "$work/$1" "$http" "$https" "$upstream_port" >"$work/$1.conf"
      start "$out/$1.log" "$proxy_cpu" nginx -c "$work/$1.conf"
      wait_for "$pid" "http://127.0.0.1:$http/" || die "$1 does not start: see $out/$1.log"
      ;;
    *)
      compile "$2" "$work/$1.table"
      start_turnpike "$1" "$work/$1.table"
      wait_for "$pid" "http://127.0.0.1:$http/" || die "$1 does not route: see $out/$1.log"
      ;;
  esac
}

# start_turnpike NAME TABLE  starts turnpike-proxy on the ports $http, $https and $admin
start_turnpike() {
  local binary=$root/out/bin/turnpike-proxy
  [ "$1" != turnpike-aot ] || binary=$aot
  local ports='--http-port {http} --https-port {https} --status-port 0 --admin-port {admin}'
  local command=${PROXY_CMD:-$binary ingress --table {table\} $ports}
  command=${command//\{table\}/$2}
  command=${command//\{http\}/$http}
  command=${command//\{https\}/$https}
  command=${command//\{admin\}/$admin}
  # shellcheck disable=SC2086
  start "$out/$1.log" "$proxy_cpu" $command
  wait_for "$pid" "http://127.0.0.1:$admin/ready" || die "$1 does not become ready: see $out/$1.log"
}

# measure PROTOCOL SUBJECT ROUND  adds a line to load.tsv: requests, seconds, CPU seconds, 99th percentile in µs, resident KB
measure() {
  local owner=${pid_of[$2]} before after result
  before=$(cpu_ticks "$owner")
  result=$("load_$1" "$2" "$duration")
  after=$(cpu_ticks "$owner")
  kill -0 "$owner" 2>/dev/null || die "$2 has ended under load: see $out/$2.log"
  awk -v OFS='\t' -v head="$1 $2 $3" -v result="$result" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" \
    -v rss="$(rss_kb "$owner")" \
    'BEGIN { split(head, h, " "); split(result, r, " "); print h[1], h[2], h[3], r[1], r[2], ticks / hz, r[3], rss }' >>"$out/load.tsv"
}

# load_… SUBJECT SECONDS  prints the number of completed requests, the seconds that they took, and the 99th percentile in µs
load_http1() { run_wrk "$2" "http://127.0.0.1:${http_of[$1]}/"; }
load_tls() { run_wrk "$2" "https://127.0.0.1:${https_of[$1]}/"; }

# run_wrk SECONDS URL [options…]
run_wrk() {
  local seconds=$1 url=$2
  shift 2
  taskset -c "$other_cpus" wrk -t1 -c"$connections" -d"${seconds}s" --latency "$@" "$url" >"$work/wrk.txt" 2>&1 \
    || die "wrk failed on $url: $(tail -3 "$work/wrk.txt")"
  awk -v url="$url" '
    function us(text) { return text * (text ~ /us$/ ? 1 : text ~ /ms$/ ? 1e3 : 1e6) }
    /requests in/ { requests = $1; seconds = $4 + 0 }
    $1 == "99%" { p99 = us($2) }
    /Non-2xx|Socket errors/ { print "bench: " url ": " $0 > "/dev/stderr"; bad = 1 }
    END { if (bad || !requests) exit 1; print requests, seconds, p99 }' "$work/wrk.txt" || die "wrong responses from $url"
}

# HTTP/2 over TLS: a sixteenth of the connections with sixteen streams each, so that as many requests are in flight as with HTTP/1.1
load_h2() {
  local url="https://127.0.0.1:${https_of[$1]}/" clients=$(((connections + 15) / 16))
  rm -f "$work/h2.log"
  taskset -c "$other_cpus" h2load -t1 -c"$clients" -m16 -D"$2" --log-file="$work/h2.log" "$url" >"$work/h2.txt" 2>&1 \
    || die "h2load failed on $url: $(tail -3 "$work/h2.txt")"
  grep -q '^Application protocol: h2$' "$work/h2.txt" || die "$url does not speak HTTP/2"
  awk -v url="$url" '
    /^finished in/ { seconds = $3 + 0 }
    /^status codes:/ { good = $3; bad = $5 + $7 + $9 }
    /^requests:/ { bad += $10 + $12 }
    END {
      if (bad || !good) { print "bench: " url ": " bad + 0 " of " good + bad " requests failed" > "/dev/stderr"; exit 1 }
      printf "%d %s ", good, seconds
    }' "$work/h2.txt" || die "wrong responses from $url"
  cut -f3 "$work/h2.log" | sort -n | awk '{ value[NR] = $1 } END { print value[int((NR - 1) * 0.99) + 1] }'
}
