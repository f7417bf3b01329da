# `make` or `make help` lists the targets.
CONFIGURATION ?= Release
DOTNET ?= dotnet
out := out
programs := Cli:turnpike IngressProxy:turnpike-proxy Operator:turnpike-operator
samples := httpbin:httpbin

# tests/<Room>.Tests are programs; TEST_FLAGS are the runner's own, such as -class "*Walkthrough*" or -method "*Timeout*".
run-tests = CONFIGURATION=$(CONFIGURATION) hack/run-tests $(1) $(if $(TEST_FLAGS),-- $(TEST_FLAGS))

.DEFAULT_GOAL := help
.PHONY: help build test coverage integration attacks demo images cluster-up cluster-down \
  e2e bench bench-micro bench-control-plane manifests check-manifests changelog check-release lint format golden publish-aot clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build everything (Release); the programs are then in out/bin
	$(DOTNET) build Operator.sln -c $(CONFIGURATION) -v quiet --nologo
	@mkdir -p $(out)/bin
	@for pair in $(programs:%=src/%) $(samples:%=samples/%); do \
	  project=$${pair%%:*}; program=$${pair##*:}; \
	  $(DOTNET) publish $$project -c $(CONFIGURATION) --no-build -v quiet --nologo -o $(out)/lib/$$program || exit 1; \
	  ln -sfn ../lib/$$program/$$program $(out)/bin/$$program; \
	done
	@ln -sfn turnpike $(out)/bin/istioctl

test: build ## Run the tests of every room, all that need no cluster
	@$(call run-tests,rooms)

test-%: build ## Run the tests of one room: make test-routing
	@$(call run-tests,$*)

coverage: build ## Measure which lines of src the tests of the rooms reach (a table; the report is in out/coverage)
	@hack/coverage $(ROOMS)

integration: build ## Run the integration tests (on a real kube-apiserver from hack/devcluster/build or KUBEBUILDER_ASSETS)
	@$(call run-tests,Integration)

attacks: build ## Attack proxy and operator in control groups with their pods' memory (needs root; figures in out/attacks.md)
	@rm -f $(out)/attacks.md
	@$(call run-tests,Attacks)

demo: build ## Run the walkthrough of 2017 on this machine (DEMO_FLAGS=--keep leaves it running)
	@$(out)/bin/turnpike demo $(DEMO_FLAGS)

images: $(out)/images/httpbin.tar ## Make the images of operator, proxy and httpbin: OCI archives in out/images
	@hack/images/turnpike

$(out)/images/httpbin.tar: hack/images/httpbin hack/images/lib.sh hack/devcluster/image hack/devcluster/lib.sh
	@mkdir -p $(@D)
	@hack/images/httpbin --output $@.new && mv $@.new $@

cluster-up: images ## Start the development cluster (if none is up) and load the images into it
	@hack/e2e/cluster up

cluster-down: ## End the development cluster and remove everything that it left, except the cache
	@hack/e2e/cluster down

e2e: build images ## Run the end-to-end tests, on the development cluster or on that of KUBECONFIG with TURNPIKE_IMAGE_LOADER
	@hack/e2e/run $(E2E_FLAGS)

bench: build ## Compare turnpike-proxy with nginx, side by side (installs nginx, wrk and h2load if they are missing)
	bench/run.sh

bench-micro: ## Measure time and allocations of the pipeline for one request (half a minute)
	$(DOTNET) build bench/Micro -c Release -v quiet --nologo
	$(out)/artifacts/bin/Micro/release/Turnpike.Bench.Micro $(out)/bench/micro

bench-control-plane: ## Measure what one change costs the control plane among 10,000 Ingresses and 50,000 endpoints (a minute)
	$(DOTNET) build bench/ControlPlane -c Release -v quiet --nologo
	$(out)/artifacts/bin/ControlPlane/release/Turnpike.Bench.ControlPlane $(out)/bench/control-plane.md

manifests: build ## Generate config/ and docs/reference/ from the code
	@$(out)/bin/turnpike-operator manifests --output .
	@hack/commands-reference $(out)/bin >docs/reference/commands.md && echo docs/reference/commands.md

check-manifests: manifests ## Fail if generated files are not as committed
	@test -z "$$(git status --porcelain -- config docs/reference)" || { \
	  git --no-pager diff -- config docs/reference; \
	  echo "generated files are stale: run 'make manifests' and commit"; exit 1; }

changelog: ## Move the fragments of changelog/unreleased into CHANGELOG.md (VERSION=X.Y.Z closes the section)
	@hack/changelog $(VERSION)

check-release: ## Fail if a fragment of the changelog is not well-formed, or a release tag names another version
	@hack/changelog --check
	@hack/version-of-tag

lint: ## Check formatting, code style, analyzers and the length of lines
	@hack/line-length
	$(DOTNET) format Operator.sln --verify-no-changes

format: ## Format the code
	$(DOTNET) format Operator.sln

golden: build ## Rewrite the expectations of golden tests; review the diff
	TURNPIKE_GOLDEN=update CONFIGURATION=$(CONFIGURATION) hack/run-tests rooms -- -class "*Golden*" -class "*SampleTests"

publish-aot: ## Publish turnpike-proxy as a native program to out/aot
	$(DOTNET) publish src/IngressProxy -c Release -p:PublishAot=true -v quiet --nologo -o $(out)/aot

clean: ## Remove everything that was built
	rm -rf $(out)
