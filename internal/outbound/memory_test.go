package outbound_test

import (
	"io"
	"net/http"
	"runtime"
	"strconv"
	"testing"

	"signoff/internal/outbound"
)

// TestFiles_HoldNothing (F35): sixty-four MiB through the client, in both directions, allocate less than four. It runs alone,
// since it counts what the whole process allocates.
func TestFiles_HoldNothing(t *testing.T) {
	const size, most = 64 << 20, 4 << 20
	from := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = io.Copy(w, io.LimitReader(endless{}, size))
	})
	to := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	})
	c := outbound.NewFiles(outbound.Options{Allow: []string{from.URL, to.URL}, MaxBody: size})
	defer c.CloseIdleConnections()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := c.Get(from.URL)
	if err != nil {
		t.Fatal(err)
	}
	form := outbound.NewForm("file", "film.mov", resp.Body, resp.ContentLength)
	answer, err := c.Post(to.URL, form.Type, form)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	runtime.ReadMemStats(&after)
	if want := strconv.FormatInt(form.Length, 10); string(got) != want || err != nil {
		t.Errorf("%s bytes arrived, %v; want %s", got, err, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > most {
		t.Errorf("%d bytes were allocated for a file of %d, want at most %d", used, size, most)
	}
	t.Logf("%d KiB allocated for %d MiB", (after.TotalAlloc-before.TotalAlloc)>>10, size>>20)
}
