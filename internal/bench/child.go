package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// child is a process under measurement.
type child struct {
	Addr  string // where it takes deliveries
	Admin string // signoff only
	Start time.Duration

	cmd     *exec.Cmd
	in      io.Closer
	log     *os.File // its standard error
	profile string
}

// program is what to start; its log goes into dir.
type program struct {
	path, dir string
	args      []string
	profile   string // where its CPU profile goes; "" for none
}

// spawn starts a program and waits for its one line on standard output that says where it
// listens.
func spawn(ctx context.Context, p program) (*child, error) {
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, p.path, p.args...), log: log, profile: p.profile}
	c.cmd.Stderr, c.cmd.Env = log, append(os.Environ(), profileVariable+"="+p.profile)
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = 20 * time.Second
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.in = in
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n') // nothing follows it
	c.Start = time.Since(began)
	var ready struct {
		Ready         bool
		Listen, Admin string
	}
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil || !ready.Ready {
		return nil, fmt.Errorf("%s did not become ready: %w", p.path, errors.Join(err, c.stop()))
	}
	c.Addr, c.Admin = ready.Listen, ready.Admin
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
	return c, nil
}

// stop ends the process as an operator would.
func (c *child) stop() error {
	profiled := c.finishProfile()
	_ = c.in.Close()                          // references end with their input
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	defer c.log.Close()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.cmd, err, c.lastWords())
	}
	return profiled
}

const lastWords = 4 << 10

// lastWords is the end of the process's log.
func (c *child) lastWords() string {
	b := make([]byte, lastWords)
	size, err := c.log.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	n, _ := c.log.ReadAt(b, max(0, size-lastWords)) // short at the end of the file
	return string(b[:n])
}

// rss is the memory the process holds, in MiB.
func (c *child) rss() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kb); n == 1 {
			return kb / 1024, nil
		}
	}
	return 0, errors.New("the system does not tell the memory of a process")
}

// cpu is the processor time the process has used.
func (c *child) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(b), ") ") // behind the program's name
	var user, system int64
	if f := strings.Fields(after); len(f) > 12 {
		_, err = fmt.Sscan(f[11]+" "+f[12], &user, &system)
	}
	return time.Duration(user+system) * tick, err
}

// tick is the unit in which Linux counts processor time.
const tick = 10 * time.Millisecond
