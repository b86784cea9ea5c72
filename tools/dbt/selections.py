"""What real dbt selects in test/fixtures/rides, kept in test/fixtures/dbt-selections.json.

    selections.py           compares dbt's answers with the kept ones; the last line is `N passed, N failed, N skipped`
    selections.py --write   keeps dbt's answers to the cases of the file

A case is the arguments of `dbt ls`; its answer the unique ids, and the criteria that dbt warned of, or that it was an error.
`stateCases` are asked after the project has been changed (`changes`), with --state test/fixtures/rides-state, whose manifest.json is
dbt's of the project before that; what it holds of dbt's own packages is left out of the kept file.
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
STATE = ROOT / "test/fixtures/rides-state"
PROFILE = "rides: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}\n"


def main(arguments: list[str]) -> int:
    kept = json.loads(KEPT.read_text())
    with tempfile.TemporaryDirectory(prefix="lens-selections-") as folder:
        made = answers(kept, Path(folder))
        if arguments == ["--write"]:
            keep_manifest(Path(folder))
    if arguments == ["--write"]:
        KEPT.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
        print(f"{len(made['cases'])} + {len(made['stateCases'])} cases and {len(made['outputs'])} outputs are kept in {KEPT}")
        return 0
    if arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    pairs = [pair for part in ("cases", "stateCases", "outputs") for pair in zip(kept[part], made[part])]
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

    def ask(arguments: list[str], project=parsed.result):
        warnings.clear()
        return invoke(dbtRunner(manifest=project, callbacks=[heard]), ["ls", *arguments], folder)

    def case(arguments: list[str], project=parsed.result, more: list[str] = []) -> dict:
        found = ask([*arguments, *more, "--output", "json", "--output-keys", "unique_id"], project)
        if not found.success:
            return {"args": arguments, "error": True}
        ids = sorted(json.loads(line)["unique_id"] for line in found.result)
        return {"args": arguments, "ids": ids, "warnings": sorted(set(warnings))}

    cases = [case(one["args"]) for one in kept["cases"]]
    outputs = [{"args": one["args"], "lines": ask(one["args"]).result} for one in kept["outputs"]]
    state = save_state(folder)
    change(folder / "rides", kept["changes"])
    changed = invoke(dbtRunner(), ["parse"], folder).result
    shutil.copyfile(STATE / "now/sources.json", folder / "target/sources.json")
    return {
        "dbt": dbt.version.__version__,
        "made by": "tools/dbt/selections.py --write",
        "cases": cases,
        "changes": kept["changes"],
        "stateCases": [case(one["args"], changed, ["--state", str(state)]) for one in kept["stateCases"]],
        "outputs": outputs,
    }


def save_state(folder: Path) -> Path:
    """The artifacts that --state is given: dbt's manifest of the project before it is changed, and kept results."""
    state = folder / "state"
    shutil.copytree(STATE, state)
    shutil.copyfile(folder / "target/manifest.json", state / "manifest.json")
    return state


def keep_manifest(folder: Path) -> None:
    """dbt's manifest without what is not the project's own: for tests that have no dbt."""
    manifest = json.loads((folder / "state/manifest.json").read_text())
    for part in ("macros", "docs"):
        own = manifest[part].items()
        manifest[part] = {key: value for key, value in own if not key.split(".")[1].startswith("dbt")}
    (STATE / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def change(project: Path, changes: dict) -> None:
    """Texts to be replaced in a file, a whole new file, or null for one that goes."""
    for path, said in changes.items():
        file = project / path
        if said is None:
            file.unlink()
        elif isinstance(said, str):
            file.write_text(said)
        else:
            text = file.read_text()
            for old, new in said:
                assert old in text, f"{path} does not hold {old}"
                text = text.replace(old, new)
            file.write_text(text)


def invoke(runner: dbtRunner, arguments: list[str], folder: Path):
    places = ["--project-dir", f"{folder}/rides", "--profiles-dir", str(folder)]
    written = ["--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"]
    return runner.invoke(["--quiet", *arguments, *places, *written])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
