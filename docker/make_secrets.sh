#!/bin/sh
# Run once by the service `secrets`, as root: a generated secret each, in files of mode 0600, for those who
# need it only. What exists is kept, so that a second start knows the passwords of the first.
#   /secrets/postgres/*  read by PostgreSQL's first start
#   /secrets/redis/*     read by Redis, where tasks wait for workers
#   /secrets/airflow/*   read by the entrypoint of every Airflow service
set -eu
folder=${1:-/secrets}
postgres_uid=${POSTGRES_UID:-999}
airflow_uid=${AIRFLOW_UID:-50000}
redis_uid=${REDIS_UID:-999}

secret() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }

umask 077
mkdir -p "$folder/postgres" "$folder/airflow" "$folder/redis"
chmod 0711 "$folder"
for name in postgres airflow_db warehouse_db; do
    [ -s "$folder/postgres/$name" ] || secret | tr -d '=' > "$folder/postgres/$name"
done
for name in fernet_key admin_password redis; do
    [ -s "$folder/airflow/$name" ] || secret > "$folder/airflow/$name"
done
# Tokens are signed with SHA512, which wants 64 bytes.
for name in api_secret jwt_secret; do
    [ -s "$folder/airflow/$name" ] || { secret && secret; } > "$folder/airflow/$name"
done
cp "$folder/airflow/redis" "$folder/redis/password"
cp "$folder/postgres/airflow_db" "$folder/postgres/warehouse_db" "$folder/airflow/"
chown -R "$postgres_uid:$postgres_uid" "$folder/postgres"
chown -R "$redis_uid:$redis_uid" "$folder/redis"
chown -R "$airflow_uid:0" "$folder/airflow"
