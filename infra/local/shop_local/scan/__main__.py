"""``make scan``: attack the running API without a session and with a customer's; fail on new findings."""

import argparse
import json
import subprocess
import sys
import uuid
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from shop_local.api.client import ApiClient
from shop_local.console import complain, headline, say
from shop_local.paths import CHECKOUT, LOCAL, State, default_state_folder
from shop_local.scan.findings import Finding, found, reason, server_errors
from shop_local.scan.targets import targets
from shop_local.stack import StackError, load_env

_WAPITI: Final = LOCAL / "venvs/scan/bin/wapiti"
_FOLDER: Final = LOCAL / "scan"
#: Attacks that work on the loopback interface: SSRF, XXE and Log4Shell need a server of Wapiti's.
MODULES: Final = (
    "backup", "crlf", "csrf", "exec", "file", "htaccess", "ldap", "methods", "permanentxss",
    "redirect", "shellshock", "spring4shell", "sql", "timesql", "upload", "xss",
)  # fmt: skip
#: Of docs/openapi.json.
_EXAMPLE_PRODUCT: Final = "0199e8a0-1111-7a2b-8c3d-4e5f60718293"
#: The laptop's API runs a process a request: more at a time only wait for each other.
_TASKS: Final = 2
_TIMEOUT_SECONDS: Final = 60
_UNANSWERED: Final = "Error with URL"


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make scan", description=__doc__)
    parser.add_argument("--modules", default=",".join(MODULES), help="Wapiti's attacks")
    parser.add_argument(
        "--seconds", type=int, default=120, help="longest time of each attack (default: 120)"
    )
    chosen = parser.parse_args()
    state = State(default_state_folder())
    try:
        api = load_env(state)["SHOP_API_URL"]
    except StackError as error:
        complain(str(error))
        return 1
    if urlsplit(api).hostname != "127.0.0.1":
        complain(f"Only an API on this machine is scanned, not {api}")
        return 1
    with httpx.Client(base_url=api, timeout=_TIMEOUT_SECONDS) as http:
        client = ApiClient(http)
        product = client.catalog_list_products().json["products"][0]["id"]
        token = _customer(client)
    failed = False
    for name, session in (("anonymous", None), ("customer", token)):
        headline(f"{name}:")
        document = targets(
            json.loads((CHECKOUT / "docs/openapi.json").read_text()), api,
            {_EXAMPLE_PRODUCT: product}, session=session is not None,
        )  # fmt: skip
        gateway = state.log("localstack")
        before = gateway.stat().st_size
        report, log = _scan(name, api, document, session, chosen)
        errors = server_errors(gateway.read_bytes()[before:].decode(errors="replace"))
        failed |= not _judge(report, [*found(report), *errors], log)
    return 1 if failed else 0


def _customer(client: ApiClient) -> str:
    """Begin a session of a new customer."""
    email, password = f"scan-{uuid.uuid4().hex}@shop.example", uuid.uuid4().hex
    client.identity_create_customer({"email": email, "password": password, "name": "Scan"}).expect(
        201
    )
    answer = client.identity_create_session({"email": email, "password": password})
    return answer.expect(201)["token"]


def _scan(
    name: str, api: str, document: object, session: str | None, chosen: argparse.Namespace
) -> tuple[dict[str, Any], str]:
    """Run Wapiti once; return its report and its log."""
    folder = _FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    source, report, log = folder / "openapi.json", folder / "report.json", folder / "wapiti.log"
    source.write_text(json.dumps(document))
    command = [
        str(_WAPITI), "--url", f"{api}/", "--swagger", str(source), "--scope", "folder", "--depth", "1",
        "--module", chosen.modules, "--max-attack-time", str(chosen.seconds),
        "--tasks", str(_TASKS), "--timeout", str(_TIMEOUT_SECONDS), "--verbose", "1",
        "--store-session", str(folder), "--store-config", str(_FOLDER / "config"),
        "--flush-session", "--no-bugreport", "--format", "json", "--output", str(report),
    ]  # fmt: skip
    if session is not None:
        command += ["--header", f"Authorization: Bearer {session}"]
    report.unlink(missing_ok=True)
    with log.open("w") as output:
        subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=True)
    say("report", str(report))
    return json.loads(report.read_text()), log.read_text()


def _judge(report: dict[str, Any], findings: list[Finding], log: str) -> bool:
    """Print the findings and what was not attacked; return whether all is as it should be."""
    for why, accepted in groupby(sorted(findings, key=_why), key=_why):
        listed = list(accepted)
        if why:
            say("accepted", f"{len(listed)} of {listed[0].category}: {why}")
        else:
            for finding in sorted({str(each) for each in listed}):
                say("FOUND", finding)
    unanswered = log.count(_UNANSWERED)
    if unanswered:
        complain(f"The API did not answer {unanswered} requests, which says nothing about them.")
    new = sum(not _why(each) for each in findings)
    say("result", f"{report['infos']['crawled_pages_nbr']} requests attacked, {new} new findings")
    return not new and not unanswered


def _why(finding: Finding) -> str:
    return reason(finding) or ""


if __name__ == "__main__":
    sys.exit(main())
