"""Compares a warehouse with what real dbt-duckdb builds from its raw tables.

    oracle.py WAREHOUSE.duckdb PROJECT_DIR [RUN_RESULTS.json]

Copies the warehouse (nobody may be writing it), puts the tables of the project's sources and seeds into a fresh file, runs
`dbt build` of the project on that, and compares every model, tables and views: column names and types, then the rows
both ways (EXCEPT ALL, doubles to nine digits). The data tests run after all models, so that a failed one hides no model. All that is written
goes to a temporary folder.
dbt is imported and reads the project once; each of its commands then runs in a fork of this process, as it would in one of its own.

With the run_results.json of `lens test` over the warehouse, each data test must have the same status, failures and message there.

Prints a line per model and per data test that found something; the last line is `N passed, N failed, N skipped`, over
models and data tests. A test of severity warn that finds rows is printed and passes. Exit codes: 0 nothing failed,
1 a model differs or a test failed, 2 the comparison could not be made.
"""

import fcntl
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import duckdb
import yaml
from dbt.cli.main import dbtRunner

DBT_FILE = "dbt_oracle"
SHOWN_ROWS = 3


class Unusable(Exception):
    """What keeps the comparison from being made, for people."""


def main(arguments: list[str]) -> int:
    if len(arguments) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    warehouse, project, *ours = map(Path, arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="lens-oracle-") as folder:
            return compare(warehouse, project.resolve(), ours, Path(folder))
    except Unusable as problem:
        print(problem, file=sys.stderr)
        return 2


def compare(warehouse: Path, project: Path, ours: list[Path], folder: Path) -> int:
    copy = copy_of(warehouse, folder / "warehouse")
    built = folder / f"{DBT_FILE}.duckdb"
    write_profile(project, folder, built)
    parsed = invoke(dbtRunner(), ["parse"], project, folder)
    if not parsed.success:
        raise Unusable(f"dbt parse failed\n{parsed.exception}")
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    copy_sources(manifest, copy, built)
    # seeds are there as the warehouse has them, which may be by a topic
    models_only = [f"--exclude-resource-type={kind}" for kind in ("test", "unit_test", "seed")]
    models = run(["build", *models_only], parsed.result, project, folder)
    seconds = sum(result["execution_time"] for result in models["results"])
    print(f"dbt built the models in {models['elapsed_time']:.1f} s, {seconds:.1f} s of it in their SELECTs", flush=True)
    tests = run(["test"], parsed.result, project, folder)
    counts = Counter()
    compare_models(manifest, models, copy, built, counts)
    report_tests(tests, counts)
    for results in ours:
        compare_tests(json.loads(results.read_text()), tests, counts)
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] > 0 else 0


def copy_of(warehouse: Path, folder: Path) -> Path:
    """The file and its write-ahead log, copied under the lock that DuckDB takes, so that no writer is at work."""
    folder.mkdir()
    try:
        with open(warehouse, "rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            for path in (warehouse, Path(f"{warehouse}.wal")):
                if path.exists():
                    shutil.copyfile(path, folder / path.name)
    except FileNotFoundError as error:
        raise Unusable(f"there is no warehouse {warehouse}") from error
    except BlockingIOError as error:
        raise Unusable(f"{warehouse} is being written; stop the service first") from error
    return folder / warehouse.name


def write_profile(project: Path, folder: Path, built: Path) -> None:
    try:
        name = yaml.safe_load((project / "dbt_project.yml").read_text())["profile"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise Unusable(f"{project}/dbt_project.yml cannot be read or names no profile: {error!r}") from error
    output = {"type": "duckdb", "path": str(built), "schema": "main", "threads": os.cpu_count()}
    profile = {name: {"target": "oracle", "outputs": {"oracle": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile))


def run(command: list[str], parsed, project: Path, folder: Path) -> dict:
    """Runs dbt and gives its results, also when models or tests fail; other failures end here."""
    written = folder / "target" / "run_results.json"
    written.unlink(missing_ok=True)
    said = folder / "said.txt"
    sys.stdout.flush()
    process = multiprocessing.get_context("fork").Process(target=run_here, args=(command, parsed, project, folder, said))
    process.start()
    process.join()
    if process.exitcode not in (0, 1) or not written.exists():
        raise Unusable(f"dbt {command[0]} failed\n{said.read_text()}")
    return json.loads(written.read_text())


def run_here(command: list[str], parsed, project: Path, folder: Path, said: Path) -> None:
    """Ends the process as dbt does: 0, 1 when a node failed, 2 when dbt could not run."""
    with open(said, "w") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    done = invoke(dbtRunner(manifest=parsed), command, project, folder)
    if done.exception is not None:
        print(done.exception, flush=True)
    sys.exit(0 if done.success else 1 if done.exception is None else 2)


def invoke(runner: dbtRunner, command: list[str], project: Path, folder: Path):
    places = ["--project-dir", str(project), "--profiles-dir", str(folder), "--target-path", str(folder / "target")]
    quiet = ["--log-path", str(folder / "logs"), "--no-use-colors", "--no-send-anonymous-usage-stats"]
    if command == ["parse"]:
        quiet.append("--quiet")
    return runner.invoke([*quiet, *command, *places])


def copy_sources(manifest: dict, copy: Path, built: Path) -> None:
    with duckdb.connect(built) as connection:
        connection.execute(f"attach {literal(copy)} as lens_copy (read_only)")
        sources = [(source["schema"], source["identifier"]) for source in manifest["sources"].values()]
        seeds = [(n["schema"], n["alias"]) for n in manifest["nodes"].values() if n["resource_type"] == "seed"]
        # a source may be the table of a seed
        for schema, identifier in dict.fromkeys(sources + seeds):
            table = relation(schema, identifier)
            connection.execute(f"create schema if not exists {ident(schema)}")
            try:
                connection.execute(f"create table {table} as from lens_copy.{table}")
            except duckdb.CatalogException as error:
                raise Unusable(f"the warehouse has no source table or seed {table}: {str(error).splitlines()[0]}") from error


def compare_models(manifest: dict, results: dict, copy: Path, built: Path, counts: Counter) -> None:
    """The copy keeps its file's name, and each side its own catalog, since a view's SQL may name them."""
    ran = {result["unique_id"]: result for result in results["results"]}
    with duckdb.connect(copy) as connection:
        connection.execute(f"attach {literal(built)} as {DBT_FILE} (read_only)")
        for node in sorted(manifest["nodes"].values(), key=lambda node: node["name"]):
            if node["resource_type"] != "model" or node["config"]["materialized"] == "ephemeral":
                continue
            outcome = ran.get(node["unique_id"], {"status": "skipped"})
            if outcome["status"] == "skipped":
                counts["skipped"] += 1
                print(f"skip  {node['name']}: not built by dbt, since a model before it failed")
            elif outcome["status"] != "success":
                counts["failed"] += 1
                print(f"FAIL  {node['name']}: {outcome['message']}")
            else:
                rows, problem = difference(connection, node, copy.stem)
                counts["failed" if problem else "passed"] += 1
                print(f"FAIL  {node['name']}: {problem}" if problem else f"ok    {node['name']}: {rows} rows equal")


def difference(connection: duckdb.DuckDBPyConnection, node: dict, catalog: str) -> tuple[int, str | None]:
    """The number of rows, and what differs, for people; None when nothing does."""
    name = relation(node["schema"], node["alias"])
    ours, dbts = f"{ident(catalog)}.{name}", f"{DBT_FILE}.{name}"
    try:
        types = [connection.execute(f"describe {table}").fetchall() for table in (ours, dbts)]
    except duckdb.Error as error:
        return 0, f"cannot be read: {str(error).splitlines()[0]}"
    columns = [[f"{column[0]} {column[1]}" for column in described] for described in types]
    if columns[0] != columns[1]:
        only = [sorted(set(a) - set(b)) for a, b in (columns, columns[::-1])]
        return 0, f"columns differ: only in the warehouse {only[0]}, only in dbt's {only[1]}, or the order"
    rows_of = "select " + ", ".join(comparable(column[0], column[1]) for column in types[0])
    sides = []
    for place, a, b in (("the warehouse", ours, dbts), ("dbt's", dbts, ours)):
        connection.execute(f"create or replace temp table only_here as {rows_of} from {a} except all {rows_of} from {b}")
        (count,) = connection.execute("select count(*) from only_here").fetchone()
        if count > 0:
            shown = connection.execute(f"from only_here order by all limit {SHOWN_ROWS}").fetchall()
            sides.append(f"{count} rows only in {place}:" + "".join(f"\n        {row}" for row in shown))
    (rows,) = connection.execute(f"select count(*) from {ours}").fetchone()
    return rows, "\n      ".join(sides) or None


def comparable(name: str, kind: str) -> str:
    """A column; doubles with nine digits, since the last ones of a sum depend on the order of addition."""
    column = ident(name)
    return f"cast(printf('%.9e', {column}) as {kind}) as {column}" if kind in ("DOUBLE", "FLOAT") else column


def report_tests(results: dict, counts: Counter) -> None:
    outcomes = {"pass": "passed", "warn": "passed", "fail": "failed", "error": "failed", "skipped": "skipped"}
    tests = Counter()
    # hooks of the project are results, too
    for result in (one for one in results["results"] if not one["unique_id"].startswith("operation.")):
        status = result["status"]
        tests[status] += 1
        counts[outcomes[status]] += 1
        if status not in ("pass", "skipped"):
            label = "FAIL" if outcomes[status] == "failed" else status
            print(f"{label:5} {result['unique_id'].split('.')[2]}: {result['message']}")
    print("data tests: " + (", ".join(f"{count} {status}" for status, count in sorted(tests.items())) or "none"))


def compare_tests(ours: dict, dbts: dict, counts: Counter) -> None:
    """The tests as `lens test` and dbt have run them, by unique id. What an error says names tables, and so differs."""
    said = [{one["unique_id"]: outcome_of(one) for one in results["results"]} for results in (ours, dbts)]
    same = 0
    # Unit tests over events are none of dbt's.
    events = {unique_id for unique_id in said[0].keys() - said[1].keys() if unique_id.startswith("unit_test.")}
    for unique_id in sorted((said[0].keys() | said[1].keys()) - events):
        lens, dbt = (results.get(unique_id, "not run") for results in said)
        if lens == dbt:
            same += 1
            continue
        counts["failed"] += 1
        print(f"FAIL  {unique_id}: lens test says {lens}, dbt {dbt}")
    counts["passed"] += 1
    print(f"tests of lens test: {same} as dbt's")


def outcome_of(result: dict) -> tuple:
    status = result["status"]
    return (status, result["failures"], None if status == "error" else result["message"])


def relation(schema: str, name: str) -> str:
    return f"{ident(schema)}.{ident(name)}"


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
