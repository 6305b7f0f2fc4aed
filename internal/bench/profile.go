package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// profiler is one more file of signoff's own program, added by the build where profiles are asked for: the product has
// no switch for it.
//
//go:embed testdata/profiler.go.txt
var profiler []byte

const profileVariable = "BENCH_CPUPROFILE"

// overlay writes what makes `go build -overlay` add the profiler to signoff without touching its source.
func (b *bench) overlay() (string, error) {
	out, err := exec.CommandContext(b.ctx, "go", "list", "-f", "{{.Dir}}", "signoff/cmd/signoff").Output()
	if err != nil {
		return "", fmt.Errorf("find signoff's source: %w", err)
	}
	file := filepath.Join(b.scratch, "profiler.go")
	if err := os.WriteFile(file, profiler, 0o600); err != nil {
		return "", err
	}
	in := filepath.Join(strings.TrimSpace(string(out)), "zz_profiler.go")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {in: file}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.scratch, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}

// profileEnv asks the next process for a profile of its whole life, in a file of its own.
func (b *bench) profileEnv() []string {
	if b.profile == "" {
		return nil
	}
	return []string{fmt.Sprintf("%s=%s", profileVariable, filepath.Join(b.profile, fmt.Sprintf("%s-%d.prof", strings.ToLower(b.goal), b.folders)))}
}
