#!/usr/bin/env bash
# Makes the Python environments of the checkout with uv, which it fetches itself when it is missing.
#   environment.sh uv | venv FOLDER LOCK STAMP | layer FOLDER LOCK STAMP | plugin STAMP | lock GROUP
set -euo pipefail
cd "$(dirname "$0")/../.."
checkout=$PWD
version=$(<.python-version)
uv_version=0.13.9
uv=$checkout/.local/bin/uv
export UV_NO_PROGRESS=1 UV_PYTHON_INSTALL_DIR=${UV_PYTHON_INSTALL_DIR:-$checkout/.local/python}
# Debian has no cache folder for an account without a writable home.
[ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR=${UV_CACHE_DIR:-$checkout/.local/cache/uv}

say() { printf '  %-28s %s\n' "$1" "$2"; }

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

pip_setting() {
    python3 -m pip config get "global.$1" 2>/dev/null || true
}

# Behind a proxy with a certificate of its own, pip or the system knows it; uv asks neither.
configure_certificates() {
    [ -z "${SSL_CERT_FILE:-}" ] || return 0
    local bundle=${PIP_CERT:-}
    [ -n "$bundle" ] || bundle=$(pip_setting cert)
    if [ -r "$bundle" ]; then
        export SSL_CERT_FILE=$bundle
    elif [ -r /etc/ssl/certs/ca-certificates.crt ]; then
        export UV_SYSTEM_CERTS=1
    fi
}

# A mirror configured for pip serves uv as well.
configure_index() {
    [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] || return 0
    local index=${PIP_INDEX_URL:-}
    [ -n "$index" ] || index=$(pip_setting index-url)
    [ -z "$index" ] || export UV_DEFAULT_INDEX=$index
}

# Which python3 can fetch uv: pyenv's shim fails when .python-version names one it does not have.
any_python() {
    local candidate
    for candidate in "python$version" python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "No python3 found: install Python 3 (Debian: apt-get install python3 python3-pip) or uv."
}

bootstrap_uv() {
    [ ! -x "$uv" ] || return 0
    mkdir -p .local/bin
    local python started=$SECONDS found
    found=$(uv --version 2>/dev/null || true)
    if [[ $found == "uv $uv_version"* ]]; then
        ln -sf "$(command -v uv)" "$uv"
        return
    elif [ -n "$found" ]; then
        uv pip install --quiet --target .local/uv "uv==$uv_version"
        ln -sf ../uv/bin/uv "$uv"
        say "uv" "$uv_version in $((SECONDS - started)) s, as $found is on PATH"
        return
    fi
    python=$(any_python)
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
            --upgrade --target .local/uv "uv==$uv_version"
    elif "$python" -m venv .local/uv-venv >/dev/null 2>&1; then
        .local/uv-venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --upgrade --target .local/uv "uv==$uv_version"
        rm -rf .local/uv-venv
    else
        fail "$python has neither pip nor venv, one of which is needed to fetch uv." \
            "Debian: apt-get install python3-pip      or install uv and put it on PATH."
    fi
    ln -sf ../uv/bin/uv "$uv"
    say "uv" "$("$uv" --version | cut -d' ' -f2) in $((SECONDS - started)) s"
}

finish() { # stamp label started
    mkdir -p "$(dirname "$1")"
    date -u +%FT%TZ >"$1"
    say "$2" "installed in $((SECONDS - $3)) s"
}

make_venv() { # folder lock stamp
    local started=$SECONDS
    if [ "$("$1/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" != "$version" ]; then
        say "$1" "creating with Python $version"
        "$uv" venv --quiet --clear --python "$version" "$1" ||
            fail "Python $version was not found and could not be fetched by uv." \
                "Install it (pyenv install $version, or your distribution's package) and run make again."
    fi
    VIRTUAL_ENV=$checkout/$1 "$uv" pip sync --quiet --require-hashes --compile-bytecode "$2"
    finish "$3" "$1" "$started"
}

make_layer() { # folder lock stamp
    local started=$SECONDS fresh="$1.new"
    rm -rf "$fresh"
    mkdir -p "$(dirname "$1")"
    "$uv" pip install --quiet --python "$version" --target "$fresh" --require-hashes --no-deps \
        --compile-bytecode -r "$2"
    # Commands mean nothing in a layer.
    rm -rf "$1" "$fresh/bin"
    mv "$fresh" "$1"
    finish "$3" "$1" "$started"
}

make_plugin() { # stamp
    local started=$SECONDS
    # What an editable install would write: a path, and the metadata that names the plugins.
    .local/venvs/aws/bin/python - tools/localstack_plugin <<'PYTHON'
import pathlib, sys, sysconfig, tomllib

source = pathlib.Path(sys.argv[1]).absolute()
project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
site = pathlib.Path(sysconfig.get_path("purelib"))
metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
metadata.mkdir(exist_ok=True)
(site / f"{project['name']}.pth").write_text(f"{source}\n")
(metadata / "METADATA").write_text(
    f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
)
(metadata / "RECORD").touch()
(metadata / "entry_points.txt").write_text(
    "".join(
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in project["entry-points"].items()
    )
)
PYTHON
    finish "$1" "LocalStack plugin" "$started"
}

# What only Chalice's command line uses; the layer has no use for it.
unused_by_chalice=(botocore click inquirer jmespath pip pyyaml setuptools wheel)

lock() { # group
    local options=() excluded=.local/excluded.txt
    case $1 in
        # Upstream of LocalStack is archived: its dependencies are those of the day of its last release.
        local-aws) options=(--exclude-newer 2026-03-31) ;;
        runtime)
            printf '%s\n' "${unused_by_chalice[@]}" >"$excluded"
            options=(--excludes "$excluded")
            ;;
        # The dependencies layer has it, and every function has that layer.
        stripe)
            echo requests >"$excluded"
            options=(--excludes "$excluded")
            ;;
    esac
    "$uv" pip compile --quiet --upgrade --universal --python-version "$version" --generate-hashes \
        --no-emit-index-url --no-header "${options[@]}" --group "pyproject.toml:$1" \
        --output-file "requirements/$1.txt"
    say "requirements/$1.txt" "$(grep -c '^[a-z]' "requirements/$1.txt") packages"
}

command=${1:?a command is needed}
shift
configure_certificates
configure_index
bootstrap_uv
case $command in
    uv) ;;
    venv) make_venv "$@" ;;
    plugin) make_plugin "$@" ;;
    layer) make_layer "$@" ;;
    lock) lock "$@" ;;
    *) fail "unknown command $command" ;;
esac
