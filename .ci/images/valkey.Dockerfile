# Stands in for the official Valkey image where none can be pulled, from Debian's package.
ARG BASE=debian:trixie-slim
FROM ${BASE}
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends valkey-server valkey-tools \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt
USER valkey
EXPOSE 6379
CMD ["valkey-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]
