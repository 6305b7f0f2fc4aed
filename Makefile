# What people run here. Every target says first what it is for.

GO ?= go

.PHONY: demo test check bench bench-quick fuzz jira-spec mail-real build

demo: ## the whole job in the browser at http://localhost:8080, no account
	$(GO) run ./cmd/signoff demo

test: ## every test: Go, then the stories in a real browser
	$(GO) test ./...
	bash tools/browser/run

check: ## what CI asks beside the tests: format, vet, race, the image's linter, generated files
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "not gofmt-clean:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) test -race -shuffle=on ./...
	cd tools && $(GO) vet ./... && $(GO) test ./...
	$(GO) run ./cmd/signoff check -c config.example.yaml

bench: ## the figures of docs/performance.md, under 10 minutes
	$(GO) run ./internal/bench

bench-quick: ## the same, under 1 minute and less steady
	$(GO) run ./internal/bench -quick

fuzz: ## every fuzz target for FUZZTIME (default 30s)
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' . | grep -v '^./tools/'); do \
		for t in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$f); do \
			echo "$$(dirname $$f) $$t"; $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $${FUZZTIME:-30s} $$(dirname $$f) || exit 1; \
		done; \
	done

jira-spec: ## every request of the scripts to Jira, held against SPEC=Jira's OpenAPI description (needs node)
	bash tools/jiraspec/run $(SPEC)

mail-real: ## the e-mail connection against real Postfix and Dovecot (Debian's packages, as root)
	bash tools/mail/run

build: ## one static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o bin/signoff ./cmd/signoff
