#!/usr/bin/env bash
# Looks for secrets in the files of git, where their content has not been looked at before.
#   secrets.sh PATHSPEC…
set -euo pipefail
cd "$(dirname "$0")/../.."
rules=$(cat requirements/security.txt .secrets.baseline | sha256sum | cut -c1-16)
clean=.local/stamps/secrets-$rules
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$clean"
# An export of the sources has no repository, and another account's is not read unless it is named safe.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=$PWD
if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    export GIT_DIR=$work/git GIT_WORK_TREE=$PWD
    git init --quiet
    git add --all
fi
git ls-files -- "$@" | sort >"$work/known"
git ls-files --deleted | sort >"$work/deleted"
comm -23 "$work/known" "$work/deleted" >"$work/files"
[ -s "$work/files" ] || { echo "secrets: git lists no files in $PWD" >&2; exit 1; }
git hash-object --stdin-paths <"$work/files" | paste - "$work/files" | sort >"$work/now"
comm -13 "$clean" "$work/now" | cut -f2 |
    xargs -r -d '\n' -n 100 -P "$(nproc)" \
        .local/venvs/security/bin/detect-secrets-hook --no-verify --baseline .secrets.baseline
mv "$work/now" "$clean"
