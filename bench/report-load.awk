# Turns load.tsv into two Markdown tables: ratios to nginx of the same round, and the plain figures.
# Columns: protocol, subject, round, requests, seconds, CPU seconds, 99th percentile in µs, resident KB.

function sort(values, n,    i, j, v) {
  for (i = 2; i <= n; i++) {
    v = values[i]
    for (j = i - 1; j >= 1 && values[j] > v; j--) values[j + 1] = values[j]
    values[j + 1] = v
  }
}

function median(values, n) {
  sort(values, n)
  return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}

# Returns "min / median / max" of this subject's figures relative to nginx, round by round.
function ratios(measure, protocol, subject,    n, r, values, m) {
  n = 0
  for (r = 1; r <= rounds; r++)
    if ((measure, protocol, subject, r) in figure)
      values[++n] = figure[measure, protocol, subject, r] / figure[measure, protocol, "nginx", r]
  m = median(values, n)
  return sprintf("%.2f / **%.2f** / %.2f", values[1], m, values[n])
}

function middle(measure, protocol, subject,    n, r, values) {
  n = 0
  for (r = 1; r <= rounds; r++)
    if ((measure, protocol, subject, r) in figure)
      values[++n] = figure[measure, protocol, subject, r]
  return median(values, n)
}

BEGIN {
  FS = "\t"
  title["http1"] = "HTTP/1.1 keep-alive"
  title["tls"] = "TLS keep-alive, HTTP/1.1"
  title["h2"] = "HTTP/2 over TLS"
}

{
  if (!($1 in protocolSeen)) { protocolSeen[$1] = 1; protocols[++protocolCount] = $1 }
  if (!($2 in subjectSeen)) { subjectSeen[$2] = 1; subjects[++subjectCount] = $2 }
  if ($3 > rounds) rounds = $3
  figure["perCpu", $1, $2, $3] = $4 / $6
  figure["rate", $1, $2, $3] = $4 / $5
  figure["busy", $1, $2, $3] = $6 / $5
  figure["p99", $1, $2, $3] = $7
  figure["rss", $1, $2, $3] = $8
}

END {
  print "### Relative to nginx (min / **median** / max of the rounds)\n"
  print "| | | requests per CPU second, higher is better | 99th percentile, lower is better | resident memory, lower is better |"
  print "|---|---|---|---|---|"
  for (p = 1; p <= protocolCount; p++)
    for (s = 1; s <= subjectCount; s++)
      if (subjects[s] != "nginx")
        printf "| %s | %s | %s | %s | %s |\n", title[protocols[p]], subjects[s], ratios("perCpu", protocols[p], subjects[s]), \
          ratios("p99", protocols[p], subjects[s]), ratios("rss", protocols[p], subjects[s])

  print "\n### Plain figures (medians)\n"
  print "| | | requests/s | CPU µs per request | core used | 99th percentile ms | resident MB |"
  print "|---|---|---|---|---|---|---|"
  for (p = 1; p <= protocolCount; p++)
    for (s = 1; s <= subjectCount; s++)
      printf "| %s | %s | %.0f | %.1f | %.0f %% | %.2f | %.0f |\n", title[protocols[p]], subjects[s], \
        middle("rate", protocols[p], subjects[s]), 1e6 / middle("perCpu", protocols[p], subjects[s]), \
        100 * middle("busy", protocols[p], subjects[s]), \
        middle("p99", protocols[p], subjects[s]) / 1e3, middle("rss", protocols[p], subjects[s]) / 1024
}
