# Kubernetes manifests for turnpike, and the tables that it compiles from them. run.sh sources this file.

# compile DIR TABLE  compiles the manifests in DIR to TABLE
compile() {
  "$turnpike" compile --config-dir "$1" -o "$2" >"$out/compile.log" 2>&1 || die "the manifests do not compile: see $out/compile.log"
}

# service NAMESPACE NAME PORT  prints a Service with its Endpoints on loopback
service() {
  cat <<YAML
---
apiVersion: v1
kind: Service
metadata: {name: $2, namespace: $1}
spec:
  ports: [{name: http, port: 8000}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: $2, namespace: $1}
subsets:
- addresses: [{ip: 127.0.0.1}]
  ports: [{name: http, port: $3}]
YAML
}

# tls_secret NAMESPACE NAME  prints a Secret with the certificate of this run
tls_secret() {
  cat <<YAML
---
apiVersion: v1
kind: Secret
metadata: {name: $2, namespace: $1}
type: kubernetes.io/tls
data:
  tls.crt: $(base64 -w0 "$work/tls.crt")
  tls.key: $(base64 -w0 "$work/tls.key")
YAML
}

# load_manifests DIR UPSTREAM_PORT  writes manifests that route every request to one Service, over HTTP and HTTPS
load_manifests() {
  mkdir -p "$1"
  {
    service default upstream "$2"
    tls_secret istio-system istio-ingress-certs
    tls_secret default bench
    local name tls
    for name in clear secured; do
      tls=
      [ "$name" = clear ] || tls='tls: [{secretName: bench}]'
      cat <<YAML
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: $name
  namespace: default
  annotations: {kubernetes.io/ingress.class: istio}
spec:
  $tls
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: upstream, port: {number: 8000}}}
YAML
    done
  } >"$1/bench.yaml"
}

# table_manifests DIR COUNT UPSTREAM_PORT  writes COUNT Ingresses, each with its own host and two paths, and a tenth as many Services
table_manifests() {
  local services=$((($2 + 9) / 10)) i
  mkdir -p "$1"
  for ((i = 0; i < services; i++)); do service default "s$i" "$3"; done >"$1/services.yaml"
  awk -v count="$2" -v services="$services" \
    'BEGIN { for (i = 0; i < count; i++) ingress("h" i ".bench.example", "i" i, "s" i % services) }'"$ingress_awk" >"$1/ingresses.yaml"
}

# one_more_ingress DIR  writes another Ingress for the first Service. Its host distinguishes the new table from the old one.
one_more_ingress() {
  awk 'BEGIN { ingress("added.bench.example", "added", "s0") }'"$ingress_awk" >"$1/added.yaml"
}

ingress_awk='
function path(value, type, service) {
  printf "      - path: %s\n        pathType: %s\n        backend: {service: {name: %s, port: {number: 8000}}}\n", value, type, service
}
function ingress(host, name, service) {
  print "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:"
  printf "  name: %s\n  namespace: default\n  annotations: {kubernetes.io/ingress.class: istio}\n", name
  printf "spec:\n  rules:\n  - host: %s\n    http:\n      paths:\n", host
  path("/", "Exact", service)
  path("/api", "Prefix", service)
}'
