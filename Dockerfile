# The service in one image: `salw serve`, `salw ledger sequence`, `salw db upgrade`.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/salw --create-home salw
WORKDIR /app

# Dependencies first: they change less often than the code, and are checked against their hashes.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

# Installed in place, because migrations and settings are found beside the code.
COPY . ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e .

USER salw
ENV SALW_HOST=0.0.0.0 \
    SALW_DATA_DIR=/var/lib/salw \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
VOLUME /var/lib/salw
EXPOSE 8000
ENTRYPOINT ["salw"]
CMD ["serve"]
