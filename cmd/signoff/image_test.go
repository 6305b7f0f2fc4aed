package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// rootScript makes the folder its own read-only root with one writable place, as the image is run, and starts the
// binary in it.
const rootScript = `set -e
mount --bind "$1" "$1"
mount -t tmpfs tmpfs "$1/data"
mount -o remount,bind,ro "$1"
cd "$1"
if touch ./written 2>/dev/null; then echo "the root can be written" >&2; exit 9; fi
exec chroot "$1" /signoff serve -c /etc/config.yaml`

const imageConfig = `version: 1
workspace: {name: Lumen Studio, time_zone: America/New_York}
rules: [rules.yaml]
server: {listen: "127.0.0.1:0", admin_listen: "127.0.0.1:0"}
store: {path: /data/signoff.db}
`

const imageRules = `version: 1
people:
  ana: {name: Ana Reyes, email: ana@lumen.example}
rules:
  - name: Everything
    do: {assign: {to: ana}}
`

// TestImage_StartsWithEmptyEnvironmentAndReadOnlyRoot runs the static binary as the image does: nothing around it, no
// variables, no zone database, a root that cannot be written, and /data. The image itself is not built here.
func TestImage_StartsWithEmptyEnvironmentAndReadOnlyRoot(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("read-only roots are made with Linux namespaces")
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-Urm", "true").Run() != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("this machine lets nobody make a namespace, so the image's root cannot be played")
		}
		t.Skip("this machine lets nobody make a namespace (util-linux's unshare, kernel.unprivileged_userns_clone)")
	}
	root := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(root, "signoff"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for name, text := range map[string]string{"etc/config.yaml": imageConfig, "etc/rules.yaml": imageRules, "data/.keep": ""} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(unshare, "-Urm", "sh", "-c", `exec env -i PATH="$PATH" sh -c "$0" sh "$1"`, rootScript, root)
	run.Stderr = os.Stderr
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Process.Kill(); _ = run.Wait() })
	var ready struct{ Listen, Admin string }
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&ready); err != nil {
		t.Fatalf("no ready line: %v", err)
	}
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + ready.Admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/readyz answers %s", resp.Status)
	}
	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit 0", err)
	}
}
