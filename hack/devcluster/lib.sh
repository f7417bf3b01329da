# shellcheck shell=bash
# Functions that the scripts of hack/devcluster and hack/images share: paths, Debian's packages, and the keys and daemons of a
# control plane. This file is sourced and never run.

shopt -s inherit_errexit # a failure inside $(…) is a failure

# The scripts that source this file use these variables.
# shellcheck disable=SC2034
{
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  kubernetes_version=1.20.2
  cache=$(realpath -m "${TURNPIKE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/turnpike-devcluster}")
  bin=$cache/bin     # Kubernetes and etcd: a valid KUBEBUILDER_ASSETS
  tools=$cache/tools # containerd, runc, the CNI plugins and busybox, unpacked and not installed
  run=$cache/run     # all that a running cluster writes; gone after `down`
  containerd_socket=$run/containerd.sock
  cgroup=turnpike-devcluster

  node_name=node1
  node_ip=10.99.0.1
  pod_cidr=10.244.0.0/24
  service_cidr=10.0.0.0/24
  kubernetes_ip=10.0.0.1 # the first of service_cidr
  dns_ip=10.0.0.10
  issuer=https://kubernetes.default.svc # of ServiceAccount tokens, and the audience of those that name none
}

say() { echo "${0##*/}: $*"; }

die() {
  say "$@" >&2
  exit 1
}

# Several commands may need the same part of the cache at the same time. The first one makes it, and the others wait.
lock_cache() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
}

# wait_for SECONDS CMD…: waits until the command succeeds, and fails if it does not succeed in time.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}

# Prints the ID of the running cluster's first process, and fails if no cluster is up. A cluster belongs to its cache, whichever
# checkout started it. (The command line is compared, because an old process ID may have been reused.)
cluster_pid() {
  local pid
  pid=$(cat "$run/pid" 2>/dev/null) && [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *"/hack/devcluster/node "* ]] && echo "$pid"
}

# Requests to the cluster must not go through a proxy, and nothing outside can be reached.
forget_proxies() { unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY; }

# --- Debian's packages ---

# with_lists CMD…: runs an apt command. If it fails, updates the package lists, which may be missing or old, and runs it again.
with_lists() { "$@" 2>/dev/null || { apt-get update -qq && "$@"; }; }

# need COMMAND:PACKAGE…: installs each package whose command is missing.
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "please install the programs of these Debian packages: ${missing[*]}"
  ((EUID == 0)) || die "please install these packages: ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# closure PACKAGE…: prints these packages and all their dependencies, as for a machine that has none of them.
closure() {
  with_lists apt-get install -qq --print-uris --no-install-recommends -o Dir::State::Status=/dev/null "$@" |
    awk '{ sub(/_.*/, "", $2); print $2 }' || die "apt-get cannot find: $*"
}

# unpack DEST PACKAGE…: unpacks packages without installing them, so that no service starts and the machine does not change.
unpack() {
  local dest=$1 debs deb
  shift
  debs=$(mktemp -d)
  mkdir -p "$dest"
  (cd "$debs" && with_lists apt-get download -qq -o APT::Sandbox::User=root "$@") || die "apt-get cannot download: $*"
  # `dpkg -x` would replace the links of a merged /usr by folders.
  for deb in "$debs"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$dest"; done
  rm -rf "$debs"
}

# --- keys ---

# make_ca DIR: writes ca.crt and ca.key
make_ca() {
  mkdir -p "$1"
  openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=turnpike-devcluster-ca \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
}

# issue DIR NAME SUBJECT [SUBJECT-ALT-NAME]: writes NAME.crt and NAME.key, for server and client
issue() {
  local dir=$1 name=$2 subject=$3 names=${4:-}
  openssl req -newkey rsa:2048 -nodes -subj "$subject" -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>/dev/null
  openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 365 \
    -extfile <(
      echo 'extendedKeyUsage=serverAuth,clientAuth'
      [[ -z $names ]] || echo "subjectAltName=$names"
    ) -out "$dir/$name.crt" 2>/dev/null
  rm "$dir/$name.csr"
}

# make_service_account_key DIR: writes sa.key and sa.pub
make_service_account_key() {
  openssl genrsa -out "$1/sa.key" 2048 2>/dev/null
  openssl rsa -in "$1/sa.key" -pubout -out "$1/sa.pub" 2>/dev/null
}

# identity DIR USER [GROUP]: adds a token for USER to DIR/tokens.csv, the API server's --token-auth-file, and prints it
identity() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$2${3:+,$3}" >>"$1/tokens.csv"
  echo "$token"
}

# kubeconfig FILE SERVER CA TOKEN: writes a kubeconfig
kubeconfig() {
  (umask 077 && cat >"$1") <<YAML
apiVersion: v1
kind: Config
clusters:
- name: turnpike
  cluster: {server: "$2", certificate-authority-data: $(base64 -w0 "$3")}
users:
- name: turnpike
  user: {token: $4}
contexts:
- name: turnpike
  context: {cluster: turnpike, user: turnpike}
current-context: turnpike
YAML
}
