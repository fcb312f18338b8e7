# Stands in for the official Valkey image where none can be pulled, from Debian's package.
ARG BASE=debian:trixie-slim@sha256:3a39a0592364683e6bab97937b72cad5a8fa6dcbbee90edb3bb48c7f8e94f258
FROM ${BASE}
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends valkey-server valkey-tools \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt
USER valkey
EXPOSE 6379
CMD ["valkey-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]
