FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /venv
COPY requirements.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY spacebot spacebot
COPY cogs cogs
RUN python -m venv /tmp/builder \
    && /tmp/builder/bin/pip wheel --no-cache-dir --no-deps --wheel-dir /dist . \
    && /venv/bin/pip install --no-cache-dir --no-deps /dist/*.whl

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 spacebot && install --directory --owner spacebot /data
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
