// Package dockerfile checks a Dockerfile without a Docker engine: by the rules of `docker build --check`, and by those
// that an image of signoff has to keep. Nothing is fetched; what base images hold is not looked at.
package dockerfile

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Check returns what is wrong with a Dockerfile, one line each, with the line number where there is one.
func Check(ctx context.Context, data []byte) ([]string, error) {
	found, err := lint(ctx, data)
	if err != nil {
		return nil, err
	}
	stages, err := parse(data)
	if err != nil {
		return nil, err
	}
	return append(found, house(stages)...), nil
}

// lint runs the linter of BuildKit over all stages.
func lint(ctx context.Context, data []byte) ([]string, error) {
	var found []string
	file := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", data)
	file.Definition = &llb.Definition{} // the linter copies it
	opt := dockerfile2llb.ConvertOpt{
		SourceMap:      file,
		MetaResolver:   offline{},
		TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: "amd64"},
	}
	results, err := dockerfile2llb.DockerfileLint(ctx, data, opt)
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	for _, w := range results.Warnings {
		line := ""
		if len(w.Location.GetRanges()) > 0 {
			line = fmt.Sprintf("line %d: ", w.Location.Ranges[0].Start.Line)
		}
		found = append(found, line+w.RuleName+": "+w.Detail)
	}
	if results.Error != nil {
		found = append(found, results.Error.Message)
	}
	return found, nil
}

// offline answers for every base image with an empty configuration, so that no registry is asked.
type offline struct{}

// ResolveImageConfig never fails.
func (offline) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(`{"architecture":"amd64","os":"linux","config":{}}`), nil
}

func parse(data []byte) ([]instructions.Stage, error) {
	tree, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return stages, nil
}

// house holds the rules of our own.
func house(stages []instructions.Stage) []string {
	if len(stages) == 0 {
		return []string{"there is no stage"}
	}
	last := stages[len(stages)-1]
	found := finalStage(last)
	for _, s := range stages {
		found = append(found, everyStage(s)...)
	}
	if !small(last.BaseName) {
		found = append(found, "the last stage must be scratch or distroless, not "+last.BaseName)
	}
	return found
}

func small(base string) bool {
	return base == "scratch" || strings.HasPrefix(base, "gcr.io/distroless/static")
}

// final is what the last stage says, the last instruction of a kind winning as in Docker.
type final struct {
	user       string
	health     *instructions.HealthCheckCommand
	entrypoint *instructions.EntrypointCommand
	volumes    []string
}

func finalStage(s instructions.Stage) []string {
	var f final
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.UserCommand:
			f.user = c.User
		case *instructions.HealthCheckCommand:
			f.health = c
		case *instructions.EntrypointCommand:
			f.entrypoint = c
		case *instructions.VolumeCommand:
			f.volumes = append(f.volumes, c.Volumes...)
		}
	}
	return f.faults()
}

func (f final) faults() []string {
	var found []string
	if !numericUser(f.user) {
		found = append(found, fmt.Sprintf("USER must be a number above 0, so that Kubernetes can tell it is not root; it is %q", f.user))
	}
	if f.health == nil || f.health.Health == nil || len(f.health.Health.Test) < 2 || f.health.Health.Test[0] != "CMD" {
		found = append(found, "HEALTHCHECK must run the binary itself (CMD in brackets): there is no shell")
	}
	if f.entrypoint == nil || f.entrypoint.PrependShell {
		found = append(found, "ENTRYPOINT must be in brackets: there is no shell")
	}
	if len(f.volumes) == 0 {
		found = append(found, "VOLUME is missing: the store must outlive the container")
	}
	return found
}

func numericUser(user string) bool {
	id, _, _ := strings.Cut(user, ":")
	return id != "" && strings.Trim(id, "0") != "" && strings.Trim(id, "0123456789") == ""
}

func everyStage(s instructions.Stage) []string {
	var found []string
	if strings.HasSuffix(s.BaseName, ":latest") || s.BaseName != "scratch" && !strings.ContainsAny(s.BaseName, ":@$") {
		found = append(found, "the base "+s.BaseName+" must name a version")
	}
	for _, c := range s.Commands {
		add, ok := c.(*instructions.AddCommand)
		if !ok {
			continue
		}
		for _, path := range add.SourcePaths {
			if strings.Contains(path, "://") || strings.HasPrefix(path, "git@") {
				found = append(found, "ADD fetches "+path+": nothing that is not in the tree may enter the image")
			}
		}
	}
	return found
}
