"""Reads artifacts with real dbt's own classes, which check them against their schemas.

    artifacts.py FOLDER

FOLDER is a target folder with `manifest.json`, `run_results.json` and maybe `sources.json` and `catalog.json`. Prints a line
per file; the last line is `N passed, N failed, N skipped`. Exit codes: 0 all can be read, 1 one cannot, or a needed one is missing.
"""

import sys
from pathlib import Path

from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact

NEEDED = ("manifest.json", "run_results.json")
ARTIFACTS = {
    "manifest.json": WritableManifest,
    "run_results.json": RunResultsArtifact,
    "sources.json": FreshnessExecutionResultArtifact,
    "catalog.json": CatalogArtifact,
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    failed = 0
    passed = 0
    for name, kind in ARTIFACTS.items():
        if not (folder / name).exists() and name not in NEEDED:
            continue
        try:
            read = kind.read_and_check_versions(str(folder / name))
            if kind is not WritableManifest:  # which refuses to be validated directly
                kind.validate(read.to_dict(omit_none=False))
            print(f"ok    {name}: {what_of(read)}")
            passed += 1
        except Exception as problem:  # whatever dbt throws is what is wrong with the file
            print(f"FAIL  {name}: {problem}")
            failed += 1
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def what_of(read) -> str:
    if isinstance(read, (RunResultsArtifact, FreshnessExecutionResultArtifact)):
        return f"{len(read.results)} results"
    return f"{len(read.nodes)} nodes, {len(read.sources)} sources"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
