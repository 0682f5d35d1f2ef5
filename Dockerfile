# The image of every Reelhouse service: Airflow with the DAGs, the package and the SQL.
#   docker build -t reelhouse .
# BASE is any image with Python 3.11 or newer on Debian.
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
ARG VERSION=unreleased
LABEL org.opencontainers.image.title="Reelhouse" org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.licenses="Apache-2.0"

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PYTHONPATH=/opt/reelhouse/plugins \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/reelhouse/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/reelhouse/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    REELHOUSE_HOME=/opt/reelhouse/home

COPY requirements.lock cluster-requirements.lock /tmp/
RUN python3 -m pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock -r /tmp/cluster-requirements.lock \
    && rm /tmp/requirements.lock /tmp/cluster-requirements.lock

# A user of its own; the folders it may write are volumes in docker-compose.yaml and take this ownership.
RUN useradd --uid 50000 --gid 0 --home-dir /opt/airflow --create-home airflow \
    && mkdir -p /opt/reelhouse/home /opt/airflow/logs \
    && chown -R airflow:0 /opt/airflow /opt/reelhouse/home

COPY dags /opt/reelhouse/dags
COPY plugins /opt/reelhouse/plugins
COPY include /opt/reelhouse/include
COPY docker /opt/reelhouse/docker

USER airflow
WORKDIR /opt/reelhouse
CMD ["airflow", "version"]
