#!/usr/bin/env bash
# Builds the images.
#
#   npm run image -- [--push REGISTRY] [--tag TAG] [--platform LIST] [docker build arguments...]
#
# Without --push: for this machine's platform only, into the local Docker, because one local image cannot hold two platforms.
# With --push: for amd64 and arm64 (or LIST), by docker buildx, to REGISTRY/kong-serverless, REGISTRY/kong-serverless-plugin and
# REGISTRY/kong-serverless-sample. The base images must have each platform: that is looked up first. kong/INSTALL.md has a table.
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

die() {
  printf 'image: %s\n' "$1" >&2
  exit 1
}

# The value of a build argument: as given on the command line, else the default in the Dockerfile.
argument() { # NAME, then docker build arguments
  local name=$1 value
  value=$(sed -n "s/^ARG $name=//p" Dockerfile)
  shift
  for word in "$@"; do
    case $word in
    "$name"=* | --build-arg="$name"=*) value=${word#*"$name"=} ;;
    esac
  done
  printf '%s\n' "$value"
}

# A build for a platform that a base image lacks fails only after minutes, with a message about a manifest.
check_platforms() {
  local image there wanted
  for image in "$(argument KONG_IMAGE "$@")" "$(argument NODE_IMAGE "$@")"; do
    there=$(docker buildx imagetools inspect "$image" \
      --format '{{range .Manifest.Manifests}}{{.Platform.OS}}/{{.Platform.Architecture}} {{end}}') ||
      die "the registry does not answer for $image; its message is above"
    for wanted in ${platform//,/ }; do
      [[ -z ${there// /} || " $there " == *" ${wanted%/v8} "* ]] ||
        die "$image is not there for $wanted, only for ${there% }. Choose another base image or --platform: the table in kong/INSTALL.md"
    done
  done
}

build() { # NAME, then docker build arguments
  local name=$1
  shift
  if [ -n "$registry" ]; then
    docker buildx build --platform "$platform" --push --tag "$registry/$name:$tag" "$@" . ||
      die "the build of $name failed; its message is above. For a platform that is not this machine's it takes a builder of its own, and
QEMU: docker run --privileged --rm tonistiigi/binfmt --install arm64,amd64; docker buildx create --driver docker-container --use"
  else
    docker build --tag "$name:$tag" "$@" .
  fi
}

[ -z "$registry" ] || check_platforms "$@"
build kong-serverless --target gateway --build-arg "VERSION=$tag" "$@"
build kong-serverless-plugin --target plugin "$@"
build kong-serverless-sample --file sample/Dockerfile "$@"
