# python:3.13-slim as of 3.13.15 on Debian trixie, for every architecture. What the tag means today, to exchange it:
#   docker buildx imagetools inspect python:3.13-slim
ARG BASE=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv && python -m venv /builder
COPY requirements.lock requirements-build.lock ./
RUN /venv/bin/pip install --require-hashes --no-deps -r requirements.lock \
    && /builder/bin/pip install --require-hashes --no-deps -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY spacebot spacebot
COPY cogs cogs
# Without isolation: what builds is what was checked above, and nothing else is fetched.
RUN /builder/bin/pip wheel --no-index --no-build-isolation --no-deps --wheel-dir /dist . \
    && /venv/bin/pip install --no-index --no-deps /dist/*.whl

FROM ${BASE}
RUN useradd --create-home --uid 10001 spacebot && install --directory --mode 0700 --owner spacebot /data
COPY --from=build /venv /venv
USER spacebot
WORKDIR /data
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SPACEBOT_DATABASE=/data/spacebot.sqlite3
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["spacebot", "healthy"]
ENTRYPOINT ["spacebot"]
CMD ["run"]
