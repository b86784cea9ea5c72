#!/usr/bin/env bash
# Compares a warehouse with what real dbt-duckdb builds from its raw tables: oracle.sh WAREHOUSE.duckdb PROJECT_DIR [RUN_RESULTS.json]
# Options and output: oracle.py. The virtual environment: venv.sh ($LENS_DBT_VENV).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$("$here/venv.sh")
exec "$venv/bin/python" "$here/oracle.py" "$@"
