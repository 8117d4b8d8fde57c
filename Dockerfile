# The gateway: Kong and the plugin in one image. `--target plugin` makes an image of the plugin alone, for a stock Kong.
# Base images are arguments, for a private registry: --build-arg KONG_IMAGE=... --build-arg NODE_IMAGE=...
# Kong 2.8.1 is the last 2.8 for amd64 and arm64 whose glibc (2.31, Ubuntu 20.04) runs Node 22, which needs 2.28: 2.8.3 has 2.27, 2.8.5 has
# 2.35 and no arm64, Alpine has none. kong/INSTALL.md has a table.
ARG KONG_IMAGE=kong:2.8.1-ubuntu
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY scripts/build.mjs scripts/targets.mjs scripts/licences.mjs scripts/
COPY src src
# The dump is constant per version, so a Kong without Node can read it from a file.
RUN node scripts/build.mjs && node scripts/licences.mjs --write dist/LICENCES.txt && dist/serverless -dump > dist/dump.json

FROM ${NODE_IMAGE} AS plugin
LABEL org.opencontainers.image.title="kong-serverless plugin" \
      org.opencontainers.image.description="The serverless plugin server for a stock Kong: a sidecar that shares Kong's prefix" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /src/dist/serverless /src/dist/scaler.js /src/dist/tracing.js /src/dist/dump.json /src/dist/LICENCES.txt /serverless/
# With Node beside it, for an init container that copies all of it into a volume: command [cp, -r, /serverless/., /target].
RUN cp /usr/local/bin/node /serverless/node && ln -s /serverless/serverless /usr/local/bin/serverless
USER 1000
ENTRYPOINT ["serverless"]
CMD ["serve"]

FROM ${NODE_IMAGE} AS node

FROM ${KONG_IMAGE} AS gateway
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="kong-serverless" \
      org.opencontainers.image.description="Kong with the serverless plugin: holds requests for a sleeping backend, wakes it through Dapr" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER root
COPY --from=node /usr/local/bin/node /usr/local/bin/node
# What nginx starts has no PATH (K17): /usr/bin/env then looks only in /bin and /usr/bin.
RUN ln -s ../local/bin/node /usr/bin/node && node --version
# tracing.js is looked for beside the file that a link leads to.
COPY --from=build /src/dist/serverless /src/dist/tracing.js /src/dist/LICENCES.txt /usr/local/lib/serverless/
COPY docker/listening.js /usr/local/lib/serverless/
COPY docker/entrypoint.sh docker/healthcheck.sh /usr/local/lib/serverless/
RUN ln -s ../lib/serverless/serverless /usr/local/bin/serverless && serverless -dump > /dev/null
# Defaults, so that `docker run` needs none of them. Kong's Helm chart sets KONG_PLUGINS itself: see kong/values.yaml.
ENV KONG_PLUGINS=bundled,serverless \
    KONG_PLUGINSERVER_NAMES=serverless \
    KONG_PLUGINSERVER_SERVERLESS_QUERY_CMD="/usr/local/bin/serverless -dump"
USER kong
HEALTHCHECK --interval=10s --timeout=10s --retries=3 --start-period=20s CMD ["/usr/local/lib/serverless/healthcheck.sh"]
ENTRYPOINT ["/usr/local/lib/serverless/entrypoint.sh"]
CMD ["kong", "docker-start"]
