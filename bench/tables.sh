# Part two measures tables of growing size. run.sh sources this file.

tables_part() {
  local size subject
  cat >"$work/hosts.lua" <<'LUA'
-- Asks for all hosts in turn, so that no cache of the last few helps.
local count, i = tonumber(os.getenv("BENCH_HOSTS")), 0
function request()
  i = (i * 7 + 1) % count
  return wrk.format("GET", "/api/x", { Host = "h" .. i .. ".bench.example" })
end
LUA
  for size in "${sizes[@]}"; do
    say "table of $size Ingresses"
    table_manifests "$work/t$size" "$size" "$upstream_port"
    nginx_table "$size"
    compile_tables "$size"
    for subject in "${subjects[@]}"; do
      case $subject in nginx*) ;; *) turnpike_table "$subject" "$size" ;; esac
    done
    rm -rf "$work/t$size"
  done
}

# record SUBJECT SIZE MEASURE VALUE  adds a line to tables.tsv
record() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$out/tables.tsv"; }

# loaded SUBJECT SIZE PID  records the CPU time of a request in µs, over all hosts, and the memory afterwards
loaded() {
  local before after result
  export BENCH_HOSTS=$2
  run_wrk 3 "http://127.0.0.1:$http/" -s "$work/hosts.lua" >/dev/null
  before=$(cpu_ticks "$3")
  result=$(run_wrk 3 "http://127.0.0.1:$http/" -s "$work/hosts.lua")
  after=$(cpu_ticks "$3")
  record "$1" "$2" cpu_us "$(awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="${result%% *}" \
    'BEGIN { print ticks / hz * 1e6 / n }')"
  record "$1" "$2" rss_loaded_kb "$(rss_kb "$3")"
}

# compile_tables SIZE  writes table.less and table.more, which has one Ingress more
compile_tables() {
  local size=$1 dir=$work/t$1 began i
  for i in 1 2 3; do
    began=$(now_us)
    compile "$dir" "$work/table.less"
    record turnpike "$size" compile_us $(($(now_us) - began))
  done
  record turnpike "$size" bytes "$(stat -c %s "$work/table.less")"
  one_more_ingress "$dir"
  compile "$dir" "$work/table.more"
}

turnpike_table() {
  local subject=$1 size=$2 table=$work/table began owner i before
  cp "$work/table.less" "$table"
  free_port; http=$port
  free_port; https=$port
  free_port; admin=$port
  began=$(now_us)
  start_turnpike "$subject" "$table"
  owner=$pid
  record "$subject" "$size" ready_us $(($(now_us) - began))
  record "$subject" "$size" rss_idle_kb "$(rss_kb "$owner")"
  loaded "$subject" "$size" "$owner"

  for i in 1 2 3; do
    # Each round adds the host and removes it again.
    cp "$work/table.more" "$work/table.next"
    before=$(swap_metric)
    began=$(now_us)
    mv "$work/table.next" "$table"
    wait_for "$owner" "http://127.0.0.1:$http/" -H 'Host: added.bench.example' \
      || die "$subject does not take the new table: see $out/$subject.log"
    record "$subject" "$size" seen_us $(($(now_us) - began))
    swap_since "$before" | while read -r i; do record "$subject" "$size" swap_us "$i"; done
    cp "$work/table.less" "$work/table.next"
    mv "$work/table.next" "$table"
    wait_gone "http://127.0.0.1:$http/"
  done
  stop "$owner"
}

# swap_metric  prints the proxy's own measurement of its table swaps: "sum count", or one value, or nothing
swap_metric() {
  curl -s -m 10 "http://127.0.0.1:$admin/metrics" | awk '
    /^turnpike_table_swap_seconds_sum/ { sum += $NF; both = 1 }
    /^turnpike_table_swap_seconds_count/ { count += $NF }
    /^turnpike_table_swap_seconds[ {]/ && !/quantile=/ { last = $NF; one = 1 }
    END { if (both) print sum, count; else if (one) print last }'
}

# swap_since BEFORE  prints the mean duration of the swaps since then, in µs, or nothing if the proxy has no such metric
swap_since() {
  printf '%s\n%s\n' "$1" "$(swap_metric)" | awk '
    NR == 1 { sum = $1; count = $2 }
    NR == 2 && NF == 2 && $2 > count { print ($1 - sum) / ($2 - count) * 1e6 }
    NR == 2 && NF == 1 { print $1 * 1e6 }'
}

# wait_gone URL  waits until the added host is unknown many times in a row: after a reload, old and new workers of nginx both respond
# for a while
wait_gone() {
  local end=$((SECONDS + 30)) unknown=0
  while [ $unknown -lt 20 ]; do
    case $(curl -s -o /dev/null -m 2 -w '%{http_code}' -H 'Host: added.bench.example' "$1") in
      200) unknown=0 ;;
      *) unknown=$((unknown + 1)) ;;
    esac
    [ $SECONDS -lt $end ] || die 'a host that is gone from the table is still served'
  done
}

# nginx_table SIZE  measures nginx with the same hosts as server blocks; a change is a reload
nginx_table() {
  local size=$1 began owner i hosts
  mapfile -t hosts < <(seq -f 'h%.0f.bench.example' 0 $((size - 1)))
  free_port; http=$port
  free_port; https=$port
  nginx_proxy "$work/nginx-table" "$http" "$https" "$upstream_port" "${hosts[@]}" >"$work/less.conf"
  nginx_proxy "$work/nginx-table" "$http" "$https" "$upstream_port" "${hosts[@]}" added.bench.example >"$work/more.conf"
  cp "$work/less.conf" "$work/table.conf"
  began=$(now_us)
  start "$out/nginx-table.log" "$proxy_cpu" nginx -c "$work/table.conf"
  owner=$pid
  wait_for "$owner" "http://127.0.0.1:$http/" -H 'Host: h0.bench.example' || die "nginx does not start: see $out/nginx-table.log"
  record nginx "$size" ready_us $(($(now_us) - began))
  record nginx "$size" rss_idle_kb "$(rss_kb "$owner")"
  loaded nginx "$size" "$owner"
  for i in 1 2 3; do
    cp "$work/more.conf" "$work/table.conf"
    began=$(now_us)
    kill -HUP "$owner"
    wait_for "$owner" "http://127.0.0.1:$http/" -H 'Host: added.bench.example' || die "nginx does not reload: see $out/nginx-table.log"
    record nginx "$size" seen_us $(($(now_us) - began))
    cp "$work/less.conf" "$work/table.conf"
    kill -HUP "$owner"
    wait_gone "http://127.0.0.1:$http/"
  done
  stop "$owner"
}
