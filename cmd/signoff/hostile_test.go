package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"signoff/internal/source"
)

// TestCheck_T95_AFileThatEverybodyMayWrite: neither a configuration nor rules are read from where others can change them, and a secret
// that others can read is a warning.
func TestCheck_T95_AFileThatEverybodyMayWrite(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"config.yaml", "rules/studio.yaml"} {
		dir := initialised(t)
		if err := os.Chmod(filepath.Join(dir, name), 0o666); err != nil {
			t.Fatal(err)
		}
		code, said := runIn(dir, "check")
		if code != exitProblems || !strings.Contains(said, name+"  error SO316  everybody on this machine may write the file (0666)") {
			t.Errorf("%s with 0666: exit %d\n%s", name, code, said)
		}
	}
	dir := initialised(t)
	secret := filepath.Join(dir, "token")
	if err := os.WriteFile(secret, []byte(strings.Repeat("secret", 6)), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "config.yaml")
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	config = []byte(strings.Replace(string(config), "${SIGNOFF_API_TOKEN}", "${file:"+secret+"}", 1))
	if err := os.WriteFile(path, config, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, said := runIn(dir, "check"); code != exitOK || !strings.Contains(said, "warning SO317  everybody on this machine can read the secret in "+secret) {
		t.Errorf("a secret with 0644: exit %d\n%s", code, said)
	}
	if err := os.Chmod(secret, 0o440); err != nil {
		t.Fatal(err)
	}
	if _, said := runIn(dir, "check"); strings.Contains(said, "SO317") {
		t.Errorf("a secret with 0440:\n%s", said)
	}
}

// TestCheck_T78_FilesThatAreTooLarge: 50 MB are refused in a sentence and never held in memory, and a bomb of aliases is not unfolded.
func TestCheck_T78_FilesThatAreTooLarge(t *testing.T) {
	dir := initialised(t)
	path := filepath.Join(dir, "rules", "studio.yaml")
	if err := os.WriteFile(path, []byte("version: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 50<<20); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	code, said := runIn(dir, "check")
	runtime.ReadMemStats(&after)
	if code != exitProblems || !strings.Contains(said, "SO106  the file is longer than 1 MiB") {
		t.Errorf("50 MB: exit %d\n%s", code, said)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 40 {
		t.Errorf("50 MB take %d MiB, want the bound of a file", took)
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := byte('b'); i < 'k'; i++ {
		before := string([]byte{'*', i - 1})
		bomb += string(i) + ": &" + string(i) + " [" + strings.TrimSuffix(strings.Repeat(before+",", 9), ",") + "]\n"
	}
	if err := os.WriteFile(path, []byte(bomb), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, said := runIn(dir, "check"); code != exitProblems || !strings.Contains(said, source.CodeAlias) || len(said) > 20_000 {
		t.Errorf("a bomb of aliases: exit %d, %d bytes\n%.2000s", code, len(said), said)
	}
}
