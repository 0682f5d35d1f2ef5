#!/bin/sh
# Run once by the postgres image, as the user postgres: a database and a login each for Airflow and for the
# warehouse.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres \
    -v airflow_password="$(cat /secrets/postgres/airflow_db)" \
    -v warehouse_password="$(cat /secrets/postgres/warehouse_db)" <<'SQL'
create role airflow login password :'airflow_password';
create role reelhouse login password :'warehouse_password';
create database airflow owner airflow;
create database warehouse owner reelhouse;
SQL
