# shellcheck shell=bash
# Functions that the scripts of hack/images share. This file is sourced and never run.

# shellcheck source-path=SCRIPTDIR source=../devcluster/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../devcluster/lib.sh"

images=$cache/images

# The packages that a self-contained .NET program needs. ICU is not needed, because the programs set InvariantGlobalization.
base_packages=(libc6 libgcc-s1 libstdc++6 libssl3 zlib1g)

# Prints the path of a root file system with the base packages, PACKAGES and all their dependencies. It is made once and kept.
base_image() { # base_image PACKAGE…
  local path packages
  packages=$(printf '%s\n' "${base_packages[@]}" "$@" | sort -u)
  path=$images/base-$(sha256sum <<<"$packages $(sha256sum "${BASH_SOURCE[0]}" | cut -d' ' -f1)" | cut -c1-12)
  lock_cache
  if [[ ! -e $path ]]; then
    rm -rf "$path.new"
    # shellcheck disable=SC2086 # one word each
    make_base "$path.new" $packages
    mv "$path.new" "$path"
  fi
  echo "$path"
}

make_base() { # make_base DEST PACKAGE…
  local dest=$1 folder package packages needed=()
  shift
  for folder in bin sbin lib lib64; do
    mkdir -p "$dest/usr/$folder"
    ln -s "usr/$folder" "$dest/$folder"
  done
  packages=$(closure "$@")
  for package in $packages; do
    case $package in
      # Only maintainer scripts need these, and they do not run here.
      debconf | dpkg | perl-base | tar) ;;
      *) needed+=("$package") ;;
    esac
  done
  unpack "$dest" "${needed[@]}"
  unpack "$dest" ca-certificates
  add_certificates "$dest"
  add_users "$dest"
  mkdir -p "$dest"/{proc,sys,dev,run}
  mkdir -p "$dest/tmp"
  chmod 1777 "$dest/tmp"
  rm -rf "$dest"/usr/share/{bash-completion,bug,doc,doc-base,info,lintian,locale,man} "$dest"/usr/lib/*/{audit,gconv}
}

# Does what the maintainer scripts of ca-certificates and openssl do: one bundle, and OpenSSL's default paths as links to it.
add_certificates() {
  local bundle=$1/etc/ssl/certs/ca-certificates.crt
  mkdir -p "$1/etc/ssl/certs" "$1/usr/lib/ssl"
  cat "$1"/usr/share/ca-certificates/mozilla/*.crt >"$bundle"
  ln -s /etc/ssl/certs "$1/usr/lib/ssl/certs"
  ln -s /etc/ssl/certs/ca-certificates.crt "$1/usr/lib/ssl/cert.pem"
  rm -rf "$1/usr/share/ca-certificates" "$1/usr/sbin/update-ca-certificates"
}

add_users() {
  echo 'root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' >"$1/etc/passwd"
  echo 'root:x:0:
nogroup:x:65534:
nonroot:x:65532:' >"$1/etc/group"
  echo 'passwd: files
group: files
hosts: files dns' >"$1/etc/nsswitch.conf"
}

# Fails if a root file system holds a shell, an interpreter or a package manager, which an attacker inside a program could use.
# The search goes by the names of executables and links, in every folder.
refuse_tools() { # refuse_tools ROOTFS
  local found
  local shells='sh|bash|dash|ash|zsh|ksh|busybox|toybox' interpreters='perl|perl[0-9.]+|python[0-9.]*'
  local others='apt|apt-get|dpkg|rpm|apk|curl|wget|nc|iptables|xtables.*'
  found=$(find "$1" -not -type d -perm /111 -regextype posix-extended -regex ".*/($shells|$interpreters|$others)" -printf '/%P\n')
  [[ -z $found ]] || die "$1 holds tools that no program of ours needs: ${found//$'\n'/ }"
}
