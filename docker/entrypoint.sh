#!/bin/sh
# Starts the plugin server, then becomes Kong's own entry point, unchanged: Kong keeps process 1, its signals and its exit code.
#
# Kong could start the plugin server itself, but too late: an nginx worker whose first request finds nobody listening spins for
# ever (K7), and `kong reload` would drop every held request (K9). Kong is told to start one all the same: that one finds the
# socket taken, stands by, and takes over should the first one die, so no supervisor is needed here. nginx, as process 1, reaps.
set -eu

case "${1:-} ${2:-}" in
'kong docker-start') ;;
# Anything else, such as `kong migrations` or a shell, needs no plugin server.
*) exec /docker-entrypoint.sh "$@" ;;
esac

prefix=${KONG_PREFIX:-/usr/local/kong}
# Kong 2.8's own default is under /usr/local/kong wherever the prefix is (K19): a read-only place under Kong's Helm chart.
: "${KONG_PLUGINSERVER_SERVERLESS_SOCKET:=${prefix%/}/serverless.socket}"
: "${KONG_PLUGINSERVER_SERVERLESS_START_CMD:=/usr/local/bin/serverless serve --socket $KONG_PLUGINSERVER_SERVERLESS_SOCKET}"
export KONG_PLUGINSERVER_SERVERLESS_SOCKET KONG_PLUGINSERVER_SERVERLESS_START_CMD
# Only root can have Kong's workers run as another user than itself. Otherwise they are this user, and nobody else needs the socket.
if [ "$(id -u)" != 0 ]; then
  : "${SERVERLESS_SOCKET_MODE:=0660}"
  export SERVERLESS_SOCKET_MODE
fi

# nginx hides the environment from what it starts (K17). These directives let the one that stands by see what this one sees.
names=PATH
for name in $(env | sed -nE 's/^((SERVERLESS|DAPR|KUBERNETES_SERVICE|OTEL)_[A-Z0-9_]+)=.*/\1/p'); do
  names="$names; env $name"
done
export KONG_NGINX_MAIN_ENV="${KONG_NGINX_MAIN_ENV:+$KONG_NGINX_MAIN_ENV; env }$names"

serverless serve --socket "$KONG_PLUGINSERVER_SERVERLESS_SOCKET" </dev/null &
server=$!
until node /usr/local/lib/serverless/listening.js "$KONG_PLUGINSERVER_SERVERLESS_SOCKET" 2>/dev/null; do
  if ! kill -0 "$server" 2>/dev/null; then
    # Refuse to start: Kong without its plugin server would let every request through to backends that sleep.
    wait "$server" && code=1 || code=$?
    echo "serverless: the plugin server ended with code $code before it listened; its message is above" >&2
    exit "$code"
  fi
done

exec /docker-entrypoint.sh "$@"
