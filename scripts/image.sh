#!/usr/bin/env bash
# Builds the images with docker buildx, for amd64 and arm64.
#
#   npm run image -- [--push REGISTRY] [--tag TAG] [--platform LIST] [docker build arguments...]
#
# Without --push: for this machine's platform only, into the local Docker, because one local image cannot hold two platforms.
# With --push: for both, to REGISTRY/kong-serverless, REGISTRY/kong-serverless-plugin and REGISTRY/kong-serverless-sample.
set -euo pipefail
cd "$(dirname "$0")/.."

registry='' tag=$(node -p 'require("./package.json").version') platform=linux/amd64,linux/arm64
while [ $# -gt 0 ]; do
  case $1 in
  --push) registry=${2:?--push needs a registry} && shift 2 ;;
  --tag) tag=${2:?--tag needs a tag} && shift 2 ;;
  --platform) platform=${2:?--platform needs a list} && shift 2 ;;
  *) break ;;
  esac
done

build() { # NAME, then docker build arguments
  local name=$1
  shift
  if [ -n "$registry" ]; then
    docker buildx build --platform "$platform" --push --tag "$registry/$name:$tag" "$@" .
  else
    docker build --tag "$name:$tag" "$@" .
  fi
}

build kong-serverless --target gateway --build-arg "VERSION=$tag" "$@"
build kong-serverless-plugin --target plugin "$@"
build kong-serverless-sample --file sample/Dockerfile "$@"
