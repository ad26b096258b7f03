# `make help` lists the targets. All generated files are below .venv and .local.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
CHECKOUT := $(CURDIR)

# Caches need a HOME; a container or a service account may have none.
ifeq ($(strip $(HOME)),)
export HOME := $(CHECKOUT)/.local/home
endif
# Without bytecode every process starts more slowly, so the shell's setting is ignored.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPATH := $(CHECKOUT)/layers/shop/python:$(CHECKOUT)/infra/local:$(CHECKOUT)/infra/aws:$(CHECKOUT)/tools/documents:$(CHECKOUT)/tools/localstack_plugin:$(CHECKOUT)/tools/stripe_fake
export PYTHONUNBUFFERED := 1
export UV_LINK_MODE ?= copy

UV := .local/bin/uv
PYTHON := .venv/bin/python
ENVIRONMENT := infra/local/environment.sh
GROUPS := runtime stripe dev local-aws lambda-image opensearch sam security scan
STAMPS := .local/stamps

.PHONY: help install lock up down status logs reset invoke demo migrate prices cost cost-what-if trace topology replay reindex \
	docs examples release-contract relevance bench contract test lint types format pytest watch secrets audit sbom scan sam-env \
	new-endpoint new-consumer new-schedule validate build deploy uninstall

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# ---- environments: each is rebuilt only when its lock has changed ----------------------------
$(UV):
	@$(ENVIRONMENT) uv

$(STAMPS)/dev: requirements/dev.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .venv requirements/dev.txt $@

$(STAMPS)/local-aws: requirements/local-aws.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/aws requirements/local-aws.txt $@

$(STAMPS)/plugin: $(STAMPS)/local-aws tools/localstack_plugin/pyproject.toml
	@$(ENVIRONMENT) plugin $@

$(STAMPS)/lambda-image: requirements/lambda-image.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/lambda requirements/lambda-image.txt $@

$(STAMPS)/opensearch: requirements/opensearch.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/opensearch requirements/opensearch.txt $@

$(STAMPS)/sam: requirements/sam.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/sam requirements/sam.txt $@

$(STAMPS)/security: requirements/security.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/security requirements/security.txt $@

$(STAMPS)/scan: requirements/scan.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) venv .local/venvs/scan requirements/scan.txt $@

$(STAMPS)/dependencies-layer: requirements/runtime.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) layer .local/layers/dependencies/python requirements/runtime.txt $@

$(STAMPS)/stripe-layer: requirements/stripe.txt .python-version $(ENVIRONMENT) | $(UV)
	@$(ENVIRONMENT) layer .local/layers/stripe/python requirements/stripe.txt $@

# What the page of the API shows the contract with: from its package, whose hash the lock pins.
# No stamp stands for it: it is outside of .local, and a checkout that is cleaned loses it.
VIEWER := functions/platform/get_docs/viewer
VIEWER_MADE := $(VIEWER)/swagger-ui.css
$(VIEWER_MADE): $(STAMPS)/dev
	@mkdir -p $(VIEWER)
	@cp .venv/lib/python*/site-packages/swagger_ui/static/swagger-ui{-bundle.js,.css} $(VIEWER)/

LAPTOP := $(STAMPS)/dev $(VIEWER_MADE) $(STAMPS)/plugin $(STAMPS)/lambda-image \
	$(STAMPS)/dependencies-layer $(STAMPS)/stripe-layer

install: $(LAPTOP) ## install all Python environments of the laptop, and RabbitMQ's packages
	@$(PYTHON) -m shop_local install

lock: | $(UV) $(STAMPS)/dev ## resolve every dependency again: requirements/*.txt and OpenSearch's jars
	@for group in $(GROUPS); do $(ENVIRONMENT) lock $$group; done
	@$(PYTHON) -m shop_local.services.opensearch_jars

# ---- the laptop's shop ------------------------------------------------------------------------
up: $(LAPTOP) ## start all servers, deploy infra/template.yaml, load the seed data: [LOCALSTACK=http://127.0.0.1:4566]
	@$(if $(LOCALSTACK),SHOP_LOCALSTACK_URL='$(LOCALSTACK)') $(if $(HOST),SHOP_CONTAINER_HOST='$(HOST)') \
		exec $(PYTHON) -m shop_local up

down: ## stop all servers, keep the data
	@if [ -x $(PYTHON) ]; then exec $(PYTHON) -m shop_local down; fi

status: $(STAMPS)/dev ## show which servers run, and their addresses
	@exec $(PYTHON) -m shop_local status

logs: $(STAMPS)/dev ## follow the log of a function or a server: F=<service>/<function> or F=<server>
	@exec $(PYTHON) -m shop_local logs $(F)

reset: ## stop all servers and delete the data
	@if [ -x $(PYTHON) ]; then exec $(PYTHON) -m shop_local reset; fi

invoke: $(STAMPS)/dev ## call one function: F=<service>/<function> [E=event.json]
	@exec $(PYTHON) -m shop_local invoke $(F) $(if $(E),--event $(E))

demo: up ## run `up`, then buy a product through the API
	@exec $(PYTHON) -m shop_local demo

cost: $(STAMPS)/dev ## print what the requests so far would have cost on AWS: A="--json", A="--help"
	@exec $(PYTHON) -m shop_local cost $(A)

cost-what-if: $(STAMPS)/dev ## compute these costs for other functions: MEMORY=512 ARCH=arm64 [FUNCTION=… REGION=… CPU_SHARE=0.6]
	@exec $(PYTHON) -m shop_local what-if $(if $(MEMORY),--memory '$(MEMORY)') $(if $(ARCH),--arch '$(ARCH)') \
		$(if $(FUNCTION),--function '$(FUNCTION)') $(if $(REGION),--region '$(REGION)') \
		$(if $(CPU_SHARE),--cpu-share '$(CPU_SHARE)') $(A)

trace: $(STAMPS)/dev ## print all requests, functions, events and e-mails of an order as a tree: ORDER=<id>
	@exec $(PYTHON) -m shop_local trace $(ORDER) $(A)

migrate: $(STAMPS)/dev ## apply infra/migrations to the running database, load infra/pricing
	@exec $(PYTHON) -m shop_local run migrate

prices: $(STAMPS)/dev ## refresh infra/pricing from the AWS Price List API: R="us-east-1"
	@exec $(PYTHON) -m shop.entrypoints.commands.prices infra/pricing $(or $(R),us-east-1)

topology: $(STAMPS)/dev ## declare RabbitMQ's exchanges and queues
	@exec $(PYTHON) -m shop_local run topology

replay: $(STAMPS)/dev ## republish events: A="--dead" or A="--from … --to …"
	@exec $(PYTHON) -m shop_local run replay $(A)

reindex: $(STAMPS)/dev ## rebuild the search index without interrupting searches
	@exec $(PYTHON) -m shop_local run reindex $(A)

docs: $(STAMPS)/dev ## regenerate the API documents and the generated tables
	@exec $(PYTHON) -m documents

examples: $(LAPTOP) ## record the answers that the API documents show
	@$(PYTHON) -m documents
	@SHOP_WRITE_EXAMPLES=1 $(PYTHON) -m pytest --quiet tests/functional/contract/test_examples.py
	@exec $(PYTHON) -m documents

release-contract: $(STAMPS)/dev ## make the present API the baseline that later changes must not break
	@exec $(PYTHON) -m documents --release

relevance: $(STAMPS)/dev ## measure the relevance of search results: nDCG@10 and recall@20 of both engines
	@exec $(PYTHON) -m bench.relevance $(A)

BENCHMARKS := cold_start warm purchase hot_product
bench: $(LAPTOP) ## measure cold starts, warm requests, a purchase and a hot product; or B="search", B="rush" (needs `up`)
	@for name in $(or $(B),$(BENCHMARKS)); do $(PYTHON) -m bench.$$name $(A); echo; done

# Migrations before 0036 are older than the rules.
LINTED_MIGRATIONS := $(filter-out $(wildcard $(addprefix infra/migrations/,00[0-2]*.sql 003[0-5]*.sql)), \
	$(wildcard infra/migrations/*.sql))

# ---- writing code ----------------------------------------------------------------------------
new-endpoint new-consumer new-schedule: $(STAMPS)/dev
	@$(PYTHON) -m shop_local.scaffold $(@:new-%=%) '$(or $(SERVICE),$(error SERVICE=… is needed))' \
		'$(or $(NAME),$(error NAME=… is needed))'
new-endpoint: ## a new function behind the API: SERVICE=cart NAME=get_offers
new-consumer: ## a new function behind a queue: SERVICE=cart NAME=on_order_paid
new-schedule: ## a new function that runs by the clock: SERVICE=cart NAME=remind_customers

watch: $(LAPTOP) ## run the tests concerned whenever a file has changed
	@exec $(PYTHON) -m shop_local.watch

sam-env: $(STAMPS)/dev ## variables for `sam local invoke --env-vars`: [HOST=127.0.0.1]
	@$(PYTHON) -m shop_local.sam_env $(HOST)

# ---- checks -----------------------------------------------------------------------------------
# Two processes, each with its own servers, because tests spend much of their time waiting.
test: A = -n 2
test: lint types secrets pytest ## run lint, types, the search for secrets and every test, in two processes

lint: $(STAMPS)/dev ## run ruff, cfn-lint, squawk and import-linter
	@.venv/bin/ruff check --quiet .
	@.venv/bin/cfn-lint infra/*.yaml
	@$(if $(LINTED_MIGRATIONS),.venv/bin/squawk --reporter gcc $(LINTED_MIGRATIONS))
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/lint-imports --no-cache | tail -n 20

OASDIFF := github.com/oasdiff/oasdiff@v1.37.0
contract: $(LAPTOP) ## fuzz every operation with N=50 requests, and run oasdiff where Go is installed
	@SHOP_CONTRACT_REQUESTS=$(or $(N),50) $(PYTHON) -m pytest --quiet tests/functional/contract
	@if command -v go >/dev/null; then GOBIN=$(CHECKOUT)/.local/bin go install $(OASDIFF); \
		.local/bin/oasdiff breaking --fail-on ERR docs/openapi.released.json docs/openapi.json; \
	else echo "oasdiff was not run: Go is not installed"; fi

types: $(STAMPS)/dev $(STAMPS)/local-aws ## run mypy --strict
	@$(PYTHON) -m shop_local.typecheck

pytest: $(LAPTOP) ## run the tests; A="-k cart" passes arguments to pytest
	@exec $(PYTHON) -m pytest $(A)

# Written by programs from what is scanned, and long.
GENERATED := requirements layers/*/requirements.txt docs/*.json functions/platform/get_openapi/openapi.json \
	infra/pricing infra/local/shop_local/seed/judgments.json events
AUDITING := .local/venvs/security/bin
secrets: $(STAMPS)/security ## find committed secrets that .secrets.baseline does not list
	@infra/local/secrets.sh $(GENERATED:%=':!%')

scan: $(STAMPS)/dev $(STAMPS)/scan ## attack the running API with Wapiti: A="--modules sql,xss", A="--help"
	@exec $(PYTHON) -m shop_local.scan $(A)

audit: $(STAMPS)/security ## list known vulnerabilities of the locked packages, from PyPI's advisory database
	@failed=0; for group in $(GROUPS); do echo "requirements/$$group.txt"; \
		$(AUDITING)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
			-r requirements/$$group.txt || failed=1; done; exit $$failed

sbom: $(STAMPS)/security ## write the layers' bills of materials (CycloneDX) to .local/sbom
	@mkdir -p .local/sbom
	@for layer in runtime stripe; do $(AUDITING)/cyclonedx-py requirements requirements/$$layer.txt \
		--output-reproducible --of JSON -o .local/sbom/$$layer.json; echo ".local/sbom/$$layer.json"; done

format: $(STAMPS)/dev ## format the code and fix what ruff can fix
	@.venv/bin/ruff check --quiet --fix . || true
	@.venv/bin/ruff format .

validate: $(STAMPS)/sam ## run `sam validate --lint`
	@SAM_CLI_TELEMETRY=0 .local/venvs/sam/bin/sam validate --lint

deploy: $(VIEWER_MADE) $(if $(DRY),,$(STAMPS)/sam) ## deploy to AWS: STAGE=prod PRESET=small [DRY=1] [OLDER=1] [P="EmailDomain=… AlarmEmail=…"]
	@exec $(PYTHON) -m shop_aws --stage '$(or $(STAGE),$(error STAGE=… is needed))' \
		--preset '$(or $(PRESET),$(error PRESET=small|medium|large is needed))' $(if $(DRY),--dry) $(if $(OLDER),--older) $(P)

build: $(STAMPS)/sam $(VIEWER_MADE) ## run `sam build`, which prepares what `sam deploy` uploads
	@PATH="$(CHECKOUT)/.venv/bin:$$PATH" SAM_CLI_TELEMETRY=0 .local/venvs/sam/bin/sam build

uninstall: down ## delete everything that this Makefile has created
	@rm -rf .venv .local $(VIEWER)
