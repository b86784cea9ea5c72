"""Compares a manifest.json of lens with the one that real dbt writes of the same project.

    manifest.py MANIFEST.json PROJECT_DIR

Every field of every node, source, exposure, group, unit test, selector and macro of the project and its packages, and the maps
between them, docs blocks, too. Not compared: times, ids of runs and people, the folder, names of the database, and what lens leaves
out (`disabled`; dbt's own macros and overview). Prints what differs; the last line is `N passed, N failed, N skipped`, over all
of these.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

PARTS = ("nodes", "sources", "exposures", "groups", "docs", "unit_tests", "selectors", "macros", "parent_map", "child_map", "group_map")
NOT_COMPARED = {"created_at", "root_path", "database"}


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    ours = json.loads(Path(arguments[0]).read_text())
    with tempfile.TemporaryDirectory(prefix="lens-manifest-") as folder:
        theirs = dbt_manifest(Path(arguments[1]).resolve(), Path(folder))
    passed = failed = 0
    for part in PARTS:
        wanted = {key: value for key, value in theirs[part].items() if not of_dbt(part, key)}
        for key in sorted(wanted.keys() | ours[part].keys()):
            differences = list(differing(wanted.get(key), ours[part].get(key), part, ""))
            for where, one, other in differences:
                print(f"{part} {key}{where}: dbt has {json.dumps(one)}, lens {json.dumps(other)}")
            passed, failed = passed + (not differences), failed + bool(differences)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def of_dbt(part: str, key: str) -> bool:
    return part in ("macros", "docs") and key.split(".")[1].startswith("dbt")


def dbt_manifest(project: Path, folder: Path) -> dict:
    profile = (project / "dbt_project.yml").read_text().split("profile:")[1].split()[0]
    (folder / "profiles.yml").write_text(f"{profile}: {{target: dev, outputs: {{dev: {{type: duckdb, path: ':memory:'}}}}}}\n")
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    places = ["--project-dir", str(project), "--profiles-dir", str(folder)]
    written = ["--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    done = dbtRunner().invoke(["--quiet", "parse", *places, *written])
    if not done.success:
        raise SystemExit(f"dbt cannot read the project: {done.exception}")
    return json.loads((folder / "target/manifest.json").read_text())


def differing(one, other, part: str, where: str):
    """Pairs that differ, with the way to them."""
    if isinstance(one, dict) and isinstance(other, dict):
        if part == "groups" and where == "/config":  # dbt gives them what dbt_project.yml says of models
            return
        for key in one.keys() | other.keys():
            if key not in NOT_COMPARED:
                yield from differing(one.get(key), other.get(key), part, f"{where}/{key}")
    elif where == "/relation_name" and one and other:
        if one.split(".")[1:] != other.split(".")[1:]:
            yield where, one, other
    elif where == "/refs":  # dbt has a model twice that is referred to twice
        if [ref for i, ref in enumerate(one) if ref not in one[:i]] != other:
            yield where, one, other
    elif where == "/depends_on/macros":  # some of dbt's own macros are no macros here
        if {name for name in one if not of_dbt("macros", name)} != {name for name in other if not of_dbt("macros", name)}:
            yield where, one, other
    elif part == "group_map" and sorted(one or []) == sorted(other or []):
        return
    elif where == "/unrendered_config/tags":  # a single tag is a list of one
        if as_list(one) != as_list(other):
            yield where, one, other
    elif one != other and not (where.startswith("/unrendered_config") and not one and not other):
        yield where, one, other


def as_list(tags) -> list:
    return [tags] if isinstance(tags, str) else tags or []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
