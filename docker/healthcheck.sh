#!/bin/sh
# Healthy: nginx runs, and somebody answers for the plugin.
set -eu
prefix=${KONG_PREFIX:-/usr/local/kong}
kong health -p "${prefix%/}"
exec node /usr/local/lib/serverless/listening.js "${KONG_PLUGINSERVER_SERVERLESS_SOCKET:-${prefix%/}/serverless.socket}"
