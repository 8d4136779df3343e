# SPDX-FileCopyrightText: 2026 Comune di Prato
# SPDX-License-Identifier: EUPL-1.2

# One image, two commands: the API (the default) and the worker (`python -m workers`).
# Nothing is compiled: every package is a wheel whose hash stands in requirements/run.lock.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/run.lock ./
# pip and setuptools leave the environment again: nothing is installed after this stage.
RUN python -m venv /opt/campanella \
    && /opt/campanella/bin/pip install --require-hashes --only-binary :all: -r run.lock \
    && /opt/campanella/bin/pip uninstall --yes setuptools pip
WORKDIR /srv/campanella
COPY pyproject.toml openapi.yaml LICENSE ./
COPY app app
COPY workers workers
COPY deploy/container/health.py deploy/container/campanella bin/
# What is in the image, with versions and licences, as CycloneDX; an unexpected licence stops the build.
COPY deploy/container/sbom.py /build/
# The root file system is read-only later, so the byte code is written now.
RUN /opt/campanella/bin/python -I /build/sbom.py /build/run.lock pyproject.toml > sbom.cdx.json \
    && python -m compileall -q --invalidation-mode unchecked-hash app workers

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Campanella" \
      org.opencontainers.image.description="Notices of a municipality, once, in order and in time, where families already are" \
      org.opencontainers.image.vendor="Comune di Prato" \
      org.opencontainers.image.licenses="EUPL-1.2" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/campanella/bin:/srv/campanella/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/srv/campanella \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    CAMPANELLA_WORKER_HOST=0.0.0.0
COPY --from=build /opt/campanella /opt/campanella
COPY --from=build /srv/campanella /srv/campanella
WORKDIR /srv/campanella
USER 10001:10001
EXPOSE 8080 9091
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-I", "bin/health.py"]
CMD ["python", "-m", "app.cli", "api", "--host", "0.0.0.0", "--port", "8080"]
