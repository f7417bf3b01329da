# Turns tables.tsv into a Markdown table of medians. Columns: subject, size, measure, value.

function value(subject, size, measure, divisor, format,    n, i, j, v, values) {
  n = count[subject, size, measure]
  if (!n) return "-"
  for (i = 1; i <= n; i++) {
    v = figure[subject, size, measure, i]
    for (j = i - 1; j >= 1 && values[j] > v; j--) values[j + 1] = values[j]
    values[j + 1] = v
  }
  return sprintf(format, (n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2) / divisor)
}

BEGIN { FS = "\t" }

{
  if (!($1 in subjectSeen)) { subjectSeen[$1] = 1; subjects[++subjectCount] = $1 }
  if (!($2 in sizeSeen)) { sizeSeen[$2] = 1; sizes[++sizeCount] = $2 }
  figure[$1, $2, $3, ++count[$1, $2, $3]] = $4
}

END {
  print "\n### Tables (medians)\n"
  print "| Ingresses | | compile s | table KB | start to ready ms | change to first response ms | swap ms | CPU µs per request " \
    "| resident MB idle | loaded |"
  print "|---|---|---|---|---|---|---|---|---|---|"
  for (z = 1; z <= sizeCount; z++)
    for (s = 1; s <= subjectCount; s++)
      printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", sizes[z], subjects[s], \
        value(subjects[s], sizes[z], "compile_us", 1e6, "%.2f"), value(subjects[s], sizes[z], "bytes", 1024, "%.0f"), \
        value(subjects[s], sizes[z], "ready_us", 1e3, "%.0f"), value(subjects[s], sizes[z], "seen_us", 1e3, "%.0f"), \
        value(subjects[s], sizes[z], "swap_us", 1e3, "%.2f"), value(subjects[s], sizes[z], "cpu_us", 1, "%.1f"), \
        value(subjects[s], sizes[z], "rss_idle_kb", 1024, "%.0f"), value(subjects[s], sizes[z], "rss_loaded_kb", 1024, "%.0f")
}
