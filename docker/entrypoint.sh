#!/bin/sh
# Hand the generated secrets to Airflow as environment, then become the command. They stand in no image,
# no compose file and no process arguments.
set -eu
read_secret() { cat "/secrets/airflow/$1"; }

AIRFLOW__CORE__FERNET_KEY=$(read_secret fernet_key)
AIRFLOW__API__SECRET_KEY=$(read_secret api_secret)
AIRFLOW__API_AUTH__JWT_SECRET=$(read_secret jwt_secret)
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:$(read_secret airflow_db)@postgres:5432/airflow
AIRFLOW_CONN_WAREHOUSE=postgres://reelhouse:$(read_secret warehouse_db)@postgres:5432/warehouse
REELHOUSE_WAREHOUSE_DSN=$AIRFLOW_CONN_WAREHOUSE
AIRFLOW__CELERY__BROKER_URL=redis://:$(read_secret redis)@redis:6379/0
AIRFLOW__CELERY__RESULT_BACKEND=redis://:$(read_secret redis)@redis:6379/1
export AIRFLOW__CELERY__BROKER_URL AIRFLOW__CELERY__RESULT_BACKEND
export REELHOUSE_WAREHOUSE_DSN
export AIRFLOW__CORE__FERNET_KEY AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN AIRFLOW_CONN_WAREHOUSE
exec "$@"
