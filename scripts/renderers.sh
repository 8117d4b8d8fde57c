#!/usr/bin/env bash
# Builds kustomize and helm from their Go modules, for the tests that render overlays and charts, where they are not in PATH.
# They go to ${XDG_CACHE_HOME:-~/.cache}/kong-serverless/bin, where the tests look. About 3 minutes on 2 cores, once.
set -euo pipefail

# Any recent version will do; these are the ones that the rendered output was looked at with.
modules=(sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 helm.sh/helm/v3/cmd/helm@v3.19.2)

bin=${XDG_CACHE_HOME:-$HOME/.cache}/kong-serverless/bin
mkdir -p "$bin"
for module in "${modules[@]}"; do
  command=${module%@*}
  command=${command%/v[0-9]}
  command=${command##*/}
  if there=$(PATH="$PATH:$bin" command -v "$command"); then
    echo "$command is there: $there" >&2
  else
    command -v go >/dev/null || { echo "$command is missing, and so is Go, which builds it: https://go.dev/dl" >&2; exit 1; }
    GOBIN=$bin CGO_ENABLED=0 go install -ldflags '-s -w' "$module"
    echo "$command is built: $bin/$command" >&2
  fi
done
