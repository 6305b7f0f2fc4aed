package main

import (
	"io"
	"os"
	"slices"

	"signoff/internal/config"
	"signoff/internal/source"
)

// readFile reads as much of a file as one may have, and a byte more, by which the reader of its text sees that it is too long: a
// file of any size, or one without end, takes no memory.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, source.MaxBytes+1))
}

// writable refuses a file that everybody on the machine may change.
func (f *files) writable(path string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o002 == 0 {
		return
	}
	f.found.Errorf(source.Pos{File: path}, config.CodeUnsafe, "everybody on this machine may write the file (%#o)", info.Mode().Perm())
	f.found.Hint("take that right away: chmod o-w %s", path)
}

// watchedEnv is env that notes which of the files it read everybody on the machine can read.
func (a *app) watchedEnv() (env source.Env, open *[]string) {
	open = &[]string{}
	env = a.env()
	read := env.ReadFile
	env.ReadFile = func(path string) ([]byte, error) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 && !slices.Contains(*open, path) {
			*open = append(*open, path)
		}
		return read(path)
	}
	return env, open
}

// readable warns of secrets that everybody on the machine can read.
func (f *files) readable(open, ignored []string) {
	if slices.Contains(ignored, config.CodeOpen) {
		return
	}
	for _, path := range open {
		f.found.Warnf(source.Pos{File: f.config.Path}, config.CodeOpen, "everybody on this machine can read the secret in %s", path)
		f.found.Hint("give it to the user of signoff alone: chmod 0400 %s", path)
	}
}
