package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// bench is one run.
type bench struct {
	ctx     context.Context
	quick   bool
	scratch string    // emptied at the end
	self    string    // this program, which is also every reference
	signoff string    // the program under measurement, built when first needed
	profile string    // folder for CPU profiles of signoff; "" for none
	note    io.Writer // what is being done
	goal    string    // being measured
	number  int       // of the last event, so that none comes twice
	folders int
}

// machine says where the figures come from.
type machine struct {
	Cores  int     `json:"cores"`
	Go     string  `json:"go"`
	System string  `json:"system"`
	Date   string  `json:"date"`
	Load   string  `json:"load"`             // of the machine before the run
	Syncs  float64 `json:"syncs_per_second"` // one writer, 4 KiB each, where the stores lay
	Mode   string  `json:"mode"`
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s, %s run, load before %s, %s syncs of 4 KiB per second", m.Date, m.Cores, m.System, m.Go, m.Mode, m.Load, figure(m.Syncs))
}

// rounds is how often each pair is measured.
func (b *bench) rounds() int { return 3 }

// pick chooses by the length of the run.
func pick[T any](b *bench, quick, full T) T {
	if b.quick {
		return quick
	}
	return full
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.note, format+"\n", args...) }

// folder makes an empty folder for one measurement.
func (b *bench) folder() (string, error) {
	b.folders++
	dir := filepath.Join(b.scratch, fmt.Sprint(b.folders))
	return dir, os.Mkdir(dir, 0o700)
}

// build makes the program under measurement.
func (b *bench) build() error {
	b.say("building signoff")
	path := filepath.Join(b.scratch, "signoff")
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", path} // as it is released
	if b.profile != "" {
		overlay, err := b.overlay()
		if err != nil {
			return fmt.Errorf("prepare the profiled build: %w", err)
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(b.ctx, "go", append(args, "signoff/cmd/signoff")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build signoff: %w\n%s", err, out)
	}
	b.signoff = path
	return nil
}

// reference starts one of the references over an empty folder.
func (b *bench) reference(name, api string) (*child, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	return spawn(b.ctx, program{path: b.self, dir: dir, args: []string{"-ref", name, "-dir", dir, "-api", api}})
}

// machine looks at where we run.
func (b *bench) machine() (machine, error) {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Mode: pick(b, "quick", "full"), Load: "unknown"}
	m.Date = time.Now().UTC().Format("2006-01-02 15:04 UTC")
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(load), &m.Load) // stays unknown
	}
	var err error
	m.Syncs, err = syncs(filepath.Join(b.scratch, "syncs"), pick(b, 200, 1000))
	return m, err
}

// syncs is how many times per second 4 KiB can be appended and synced.
func syncs(path string, n int) (float64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	block := make([]byte, 4096)
	start := time.Now()
	for range n {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
