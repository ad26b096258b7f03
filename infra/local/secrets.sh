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
comm -23 <(git ls-files -- "$@" | sort) <(git ls-files --deleted | sort) >"$work/files"
git hash-object --stdin-paths <"$work/files" | paste - "$work/files" | sort >"$work/now"
comm -13 "$clean" "$work/now" | cut -f2 |
    xargs -r -d '\n' -n 100 -P "$(nproc)" \
        .local/venvs/security/bin/detect-secrets-hook --no-verify --baseline .secrets.baseline
mv "$work/now" "$clean"
