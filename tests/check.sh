#!/bin/sh
# Runs every check, whatever the others say, and counts those that failed.
bin="$1"
failed=0
check() {
    name="$1"
    shift
    printf '== %s\n' "$name"
    "$@" || { failed=$((failed + 1)); printf '!! %s failed\n' "$name"; }
}
check format "$bin/ruff" format --check .
check lint "$bin/ruff" check .
check types "$bin/mypy"
check floors "$bin/lint-imports"
check tests "$bin/python" -m pytest
[ "$failed" -eq 0 ] && echo "All checks passed." || echo "$failed of 5 checks failed."
exit "$failed"
