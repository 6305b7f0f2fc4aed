package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"signoff/internal/config"
	"signoff/internal/source"
	"signoff/internal/store/layout"
	"signoff/internal/store/memstore"
)

const reloadConfig = "version: 1\nrules: [rules/*.yaml]\nserver: {public_url: \"https://signoff.lumen.example\"}\n"

// TestReload_ABrokenFileNeverReplacesAGoodOne reloads every broken rule file that the language's own tests keep (T94).
func TestReload_ABrokenFileNeverReplacesAGoodOne(t *testing.T) {
	t.Parallel()
	broken, err := filepath.Glob("../../rules/testdata/broken/*.txt")
	if err != nil || len(broken) < 30 {
		t.Fatalf("%d broken files, %v, want at least 30", len(broken), err)
	}
	dir := t.TempDir()
	rulesFile := filepath.Join(dir, "rules", "studio.yaml")
	write := func(path string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "config.yaml"), []byte(reloadConfig))
	write(rulesFile, []byte(imageRules))
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, now: time.Now, config: filepath.Join(dir, "config.yaml"), getenv: func(string) (string, bool) { return "", false }}
	f, err := a.read(source.Error)
	if err != nil || f.problem {
		t.Fatalf("the good files: %v %v", err, f.found)
	}
	h, err := newHub(parts{
		config: f.config, set: f.set, store: memstore.New("reload", layout.Clock{Now: time.Now}), key: make([]byte, keySize),
		log: a.logger(config.Log{Level: "error", Format: "json"}), now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &reloader{app: a, hub: h}
	good, refused := h.engine.Rules().Digest(), 0
	for _, path := range broken {
		tar, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(rulesFile, tar.Files[0].Data)
		probe, err := a.read(source.Error)
		if err != nil || !probe.problem {
			continue // only warnings, or broken only beside other files
		}
		refused++
		if err := r.reload(t.Context()); err == nil || !strings.Contains(err.Error(), "studio.yaml:") {
			t.Errorf("%s: reload said %v, want a refusal that names the place", filepath.Base(path), err)
		}
		if got := h.engine.Rules().Digest(); got != good {
			t.Fatalf("%s replaced the good rules", filepath.Base(path))
		}
		if h.engine.Health(t.Context()).RulesError == "" {
			t.Errorf("%s: the pages are not told", filepath.Base(path))
		}
	}
	if refused < 30 {
		t.Errorf("only %d files were refused, want at least 30", refused)
	}
	write(rulesFile, []byte(strings.Replace(imageRules, "Everything", "All of it", 1)))
	if err := r.reload(t.Context()); err != nil || h.engine.Rules().Digest() == good {
		t.Errorf("after the last mend: %v, want the new rules", err)
	}
	if why := h.engine.Health(t.Context()).RulesError; why != "" {
		t.Errorf("after the mend the pages still say %q", why)
	}
}
