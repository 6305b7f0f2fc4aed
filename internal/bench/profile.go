package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
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

// profileFile is where the next process writes the profile of its life; "" when none is asked for.
func (b *bench) profileFile() string {
	if b.profile == "" {
		return ""
	}
	return filepath.Join(b.profile, fmt.Sprintf("%s-%d.prof", strings.ToLower(b.goal), b.folders))
}

// finishProfile has the process write its profile out and waits until it has.
func (c *child) finishProfile() error {
	if c.profile == "" {
		return nil
	}
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	for range 200 {
		if info, err := os.Stat(c.profile); err == nil && info.Size() > 0 {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the profile was not written")
}
