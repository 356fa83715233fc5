# syntax=docker/dockerfile:1
# Pin the base by digest where you build: --build-arg PYTHON_IMAGE=python:3.13-slim@sha256:…
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
# The same source makes the same wheel.
ENV SOURCE_DATE_EPOCH=1767225600
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m venv --without-pip /opt/rtaudit \
 && python -m pip --python /opt/rtaudit/bin/python install --no-cache-dir --no-compile --require-hashes --only-binary :all: -r requirements/run.txt \
 && python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY rtaudit ./rtaudit
COPY policies ./policies
COPY snapshots ./snapshots
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheel . \
 && python -m pip --python /opt/rtaudit/bin/python install --no-cache-dir --no-compile --no-deps /wheel/*.whl

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="rtaudit" \
      org.opencontainers.image.description="Readiness and drift auditor for the Azure OpenAI Realtime API" \
      org.opencontainers.image.licenses="MIT"
# Nothing is written but what -o names: run it with --read-only, and mount a folder on /work for results.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/rtaudit/bin:$PATH HOME=/tmp NO_COLOR=1
COPY --from=build /opt/rtaudit /opt/rtaudit
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["rtaudit"]
CMD ["--help"]
