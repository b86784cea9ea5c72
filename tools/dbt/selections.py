"""What real dbt selects in test/fixtures/rides, kept in test/fixtures/dbt-selections.json.

    selections.py           compares dbt's answers with the kept ones; the last line is `N passed, N failed, N skipped`
    selections.py --write   keeps dbt's answers to the cases of the file

A case is the arguments of `dbt ls`; its answer the unique ids, and the criteria that dbt warned of, or that it was an error.
`outputs` are lines of `dbt ls` as it prints them. All that is written otherwise goes to a temporary folder.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import dbt.version
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "test/fixtures/dbt-selections.json"
PROFILE = "rides: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}\n"


def main(arguments: list[str]) -> int:
    kept = json.loads(KEPT.read_text())
    with tempfile.TemporaryDirectory(prefix="lens-selections-") as folder:
        made = answers(kept, Path(folder))
    if arguments == ["--write"]:
        KEPT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
        print(f"{len(made['cases'])} cases and {len(made['outputs'])} outputs are kept in {KEPT}")
        return 0
    if arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    pairs = [*zip(kept["cases"], made["cases"]), *zip(kept["outputs"], made["outputs"])]
    different = [new for old, new in pairs if old != new]
    for new in different:
        print(f"dbt answers otherwise: {json.dumps(new)}")
    print(f"{len(pairs) - len(different)} passed, {len(different)} failed, 0 skipped")
    return 1 if different else 0


def answers(kept: dict, folder: Path) -> dict:
    shutil.copytree(ROOT / "test/fixtures/rides", folder / "rides")
    (folder / "profiles.yml").write_text(PROFILE)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    parsed = invoke(dbtRunner(), ["parse"], folder)
    if not parsed.success:
        raise SystemExit(f"dbt cannot read the project: {parsed.exception}")
    warnings: list[str] = []

    def heard(event) -> None:
        if event.info.name == "NoNodesForSelectionCriteria":
            warnings.append(event.info.msg)

    def ask(arguments: list[str]) -> dict:
        warnings.clear()
        runner = dbtRunner(manifest=parsed.result, callbacks=[heard])
        return invoke(runner, ["ls", *arguments], folder)

    def case(arguments: list[str]) -> dict:
        found = ask([*arguments, "--output", "json", "--output-keys", "unique_id"])
        if not found.success:
            return {"args": arguments, "error": True}
        ids = sorted(json.loads(line)["unique_id"] for line in found.result)
        return {"args": arguments, "ids": ids, "warnings": sorted(set(warnings))}

    return {
        "dbt": dbt.version.__version__,
        "made by": "tools/dbt/selections.py --write",
        "cases": [case(one["args"]) for one in kept["cases"]],
        "outputs": [{"args": one["args"], "lines": ask(one["args"]).result} for one in kept["outputs"]],
    }


def invoke(runner: dbtRunner, arguments: list[str], folder: Path):
    places = ["--project-dir", f"{folder}/rides", "--profiles-dir", str(folder)]
    written = ["--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    return runner.invoke(["--quiet", *arguments, *places, *written])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
