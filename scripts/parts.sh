#!/usr/bin/env bash
# Installs the real parts that the suites talk to, and what they look with, from package registries:
#
#   npm run parts                 all of them
#   npm run parts daprd           Dapr's sidecar, built from its Go module (2 to 6 minutes on 2 cores, once; seconds afterwards)
#   npm run parts rabbitmq        RabbitMQ, from Debian's package; the system's own service stays off
#   npm run parts chromium        a browser for the demo's page, from Debian's package
#   npm run parts prometheus      Prometheus and promtool, for the alerts and the dashboard's queries, from Debian's package
#   npm run parts renderers       kustomize and helm, built from their Go modules (3 minutes on 2 cores, once)
#   npm run parts met             installs nothing: says which real parts the suites meet here, and which they do not
#
# What is there already (DAPRD_BIN, RABBITMQ_SERVER_BIN, PATH, an earlier run) is left as it is. daprd goes to
# ${XDG_CACHE_HOME:-~/.cache}/kong-serverless/bin, where the suites look. Exit: 0 all is there, 1 something is not, 2 bad arguments.
set -euo pipefail

# 1.18.3 pins a module that cannot be downloaded.
dapr_version=1.18.2
# Dapr's command registers every component there is, which triples what is downloaded and built. These are the ones that we use.
dapr_components='pubsub_rabbitmq pubsub_in-memory secretstores_local_env secretstores_local_file'

cache=${XDG_CACHE_HOME:-$HOME/.cache}/kong-serverless
say() { printf 'parts: %s\n' "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

install_daprd() {
  local there
  for there in "${DAPRD_BIN:-}" "$(command -v daprd || true)" "$cache/bin/daprd"; do
    if [ -x "$there" ]; then say "daprd is there: $there"; return; fi
  done
  command -v go >/dev/null || die "Go is missing, and daprd is built from its Go module: install Go 1.26.5 or newer (https://go.dev/dl),
or set DAPRD_BIN to a daprd that you have, or start Docker: the suites then take the image daprio/daprd"

  local work module source file
  work=$(mktemp -d "${TMPDIR:-/tmp}/parts-daprd.XXXXXX")
  # shellcheck disable=SC2064 # the name is to be expanded now: it is local
  trap "rm -rf '$work'" EXIT
  say "daprd $dapr_version: downloading its module"
  module=$(go mod download -json "github.com/dapr/dapr@v$dapr_version") || die "go could not download it: $module"
  source=$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' <<<"$module")
  # `go install` refuses a module that has replace directives, so: its own tree, its own go.mod and go.sum, fewer components.
  cp -R --no-preserve=mode "$source/." "$work"
  for file in "$work"/cmd/daprd/components/*.go; do
    [[ " $dapr_components " == *" $(basename "$file" .go) "* ]] || rm "$file"
  done
  say "daprd $dapr_version: downloading what it needs and building it"
  mkdir -p "$cache/bin"
  (
    cd "$work"
    GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=0 go build -trimpath -tags allcomponents -o "$cache/bin/daprd.new" \
      -ldflags "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=$dapr_version" ./cmd/daprd
  ) || die "the build of daprd failed; Go's own message is above"
  [ "$("$cache/bin/daprd.new" --version)" = "$dapr_version" ] || die "the daprd just built does not call itself $dapr_version"
  mv "$cache/bin/daprd.new" "$cache/bin/daprd"
  say "daprd $dapr_version: built in $SECONDS s, $cache/bin/daprd"
}

# Installs one of Debian's packages. Debian starts a service that it installs, unless policy-rc.d says no.
install_package() {
  command -v apt-get >/dev/null || die "apt-get is missing: install $1 yourself. $2"
  local asroot='' policy=/usr/sbin/policy-rc.d
  if [ "$(id -u)" != 0 ]; then
    asroot='sudo -n'
    $asroot true 2>/dev/null || die "installing a Debian package needs root: run 'npm run parts' as root once"
  fi
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $asroot tee $policy >/dev/null
    $asroot chmod +x $policy
    # shellcheck disable=SC2064
    trap "$asroot rm -f $policy" EXIT
  fi
  say "$1: installing Debian's package"
  apt() { $asroot env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2; }
  apt install -y --no-install-recommends "$1" 2>/dev/null || {
    apt update || say "apt-get update had errors; going on with what it has"
    apt install -y --no-install-recommends "$1"
  } || die "apt-get could not install $1; its own message is above"
  if [ -d /run/systemd/system ]; then $asroot systemctl --quiet disable "$1" epmd.service epmd.socket 2>/dev/null || true; fi
  say "$1: installed in $SECONDS s"
}

install_rabbitmq() {
  local there
  for there in "${RABBITMQ_SERVER_BIN:-}" /usr/lib/rabbitmq/bin/rabbitmq-server "$(command -v rabbitmq-server || true)"; do
    if [ -x "$there" ]; then say "rabbitmq is there: $there"; return; fi
  done
  install_package rabbitmq-server "Or set RABBITMQ_URL and RABBITMQ_MANAGEMENT_URL, or start Docker: the suites then take rabbitmq:4-management"
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || die "rabbitmq-server is installed, but not where Debian's package puts it"
}

install_chromium() {
  local there
  for there in "${CHROMIUM_BIN:-}" "$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)"; do
    if [ -x "$there" ]; then say "chromium is there: $there"; return; fi
  done
  install_package chromium "Or set CHROMIUM_BIN"
}

install_prometheus() {
  if command -v promtool >/dev/null && command -v prometheus >/dev/null; then say "prometheus is there: $(command -v prometheus)"; return; fi
  install_package prometheus "Or set PROMETHEUS_BIN and PROMTOOL_BIN"
}

# Any recent version will do; these are the ones that the rendered output was looked at with.
install_renderers() {
  local module command there
  for module in sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 helm.sh/helm/v3/cmd/helm@v3.19.2; do
    command=${module%@*}
    command=${command%/v[0-9]}
    command=${command##*/}
    if there=$(PATH="$PATH:$cache/bin" command -v "$command"); then say "$command is there: $there"; continue; fi
    command -v go >/dev/null || die "$command is missing, and so is Go, which builds it: https://go.dev/dl"
    say "$command: building it from its Go module"
    mkdir -p "$cache/bin"
    GOBIN=$cache/bin CGO_ENABLED=0 go install -ldflags '-s -w' "$module" || die "the build of $command failed; Go's own message is above"
    say "$command: built, $cache/bin/$command"
  done
}

# Where a part is, or that it is not.
met() { # NAME, then where it may be
  local name=$1 there
  shift
  for there in "$@"; do
    if [ -n "$there" ] && { [ -x "$there" ] || [[ $there == *://* ]]; }; then printf 'met      %-11s %s\n' "$name" "$there"; return; fi
  done
  printf 'NOT met  %-11s\n' "$name"
}
say_what_is_met() {
  in_path() { PATH="$PATH:$cache/bin" command -v "$1" || true; }
  met kong "${KONG_BIN:-}" "$(in_path kong)"
  met daprd "${DAPRD_BIN:-}" "$(in_path daprd)"
  met rabbitmq "${RABBITMQ_URL:-}" "${RABBITMQ_SERVER_BIN:-}" /usr/lib/rabbitmq/bin/rabbitmq-server "$(in_path rabbitmq-server)"
  met chromium "${CHROMIUM_BIN:-}" "$(in_path chromium)" "$(in_path google-chrome)"
  met prometheus "${PROMETHEUS_BIN:-}" "$(in_path prometheus)"
  met docker "$(docker version >/dev/null 2>&1 && in_path docker)"
  met kubernetes "$([ -f "${KUBECONFIG:-}" ] && echo "kubeconfig://$KUBECONFIG")"
}
if [ "${1:-}" = met ]; then say_what_is_met; exit; fi

parts='daprd rabbitmq chromium prometheus renderers'
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $parts
for part in "$@"; do
  [[ " $parts " == *" $part "* ]] || die "unknown part '$part'; there are: $parts" 2
done
for part in "$@"; do ("install_$part"); done
