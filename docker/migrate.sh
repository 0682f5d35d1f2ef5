#!/bin/sh
# Run once at each start, before the other services: Airflow's tables, the user `admin` with the generated password,
# and the pool of the tasks that take much memory and time. What exists is kept.
set -eu
airflow db migrate
# Asked for twice, and read from here: it stands in no process's arguments.
{ cat /secrets/airflow/admin_password; echo; cat /secrets/airflow/admin_password; echo; } |
    airflow users create --username admin --role Admin --firstname Reelhouse --lastname Admin --email admin@localhost
if ! airflow pools get heavy >/dev/null 2>&1; then
    airflow pools set heavy 2 "tasks that take much memory and time"
fi
