package figma_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
)

func png(size int) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, size)...)
}

func thumb(key string) flow.Ref { return flow.Ref{System: "figma", Type: "thumb", Key: key} }

// open reads a picture to its end.
func open(t *testing.T, c *rig, key string) ([]byte, connectors.FileMeta, error) {
	t.Helper()
	body, m, err := c.Open(t.Context(), thumb(key))
	if err != nil {
		return nil, m, err
	}
	defer func() {
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}()
	raw, err := io.ReadAll(body)
	return raw, m, err
}

func TestOpen(t *testing.T) {
	t.Parallel()
	node, ofVersion, ofFile := png(100), png(200), png(300)
	for name, tc := range map[string]struct {
		key    string
		change func(*site)
		want   []byte
		calls  string // that must have been made
	}{
		"the node":                        {fileA + "/443/12:34", nil, node, "scale=0.5&version=443"},
		"too heavy at half its size":      {fileA + "/443/12:34", func(s *site) { s.failing["0.5"] = 400 }, node, "scale=0.25"},
		"a fault at half its size":        {fileA + "/443/12:34", func(s *site) { s.failing["0.5"] = 500 }, node, "scale=0.25"},
		"too large at half its size":      {fileA + "/443/12:34", func(s *site) { s.failing["0.5"], s.failing["0.25"] = 400, 500 }, ofVersion, "/versions"},
		"nothing to draw":                 {fileA + "/443/99:1", nil, ofVersion, "/versions"},
		"too many bytes at half its size": {fileA + "/443/12:34", func(s *site) { s.pictures["half"] = png(3 << 20) }, node, "scale=0.25"},
		"no node":                         {fileA + "/443/", nil, ofVersion, "/versions"},
		"a version that is not there":     {fileA + "/444/", nil, ofFile, "/meta"},
		"no version":                      {fileA + "//", nil, ofFile, "/meta"},
		"drawing is used up":              {fileA + "/443/12:34", func(s *site) { s.denied["GET v1/images"] = "Invalid scope" }, ofVersion, "/versions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, "")
			c.site.save(fileA, "443", "v3", begin())
			c.site.with(func() {
				c.site.pictures["node-12:34"], c.site.pictures["version-443"], c.site.pictures["file"] = node, ofVersion, ofFile
				c.site.files[fileA].Thumb = c.site.url + "/pictures/file"
				if tc.change != nil {
					tc.change(c.site)
				}
			})
			got, m, err := open(t, c, tc.key)
			if err != nil || !bytes.Equal(got, tc.want) || m.Type != "image/png" || m.Size != int64(len(tc.want)) {
				t.Errorf("Open = %d bytes, %+v, %v, want %d bytes", len(got), m, err, len(tc.want))
			}
			if all := strings.Join(c.site.seen(), "\n"); !strings.Contains(all, tc.calls) {
				t.Errorf("the calls are\n%s\nwant %s among them", all, tc.calls)
			}
		})
	}
}

func TestOpen_Refused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		key    string
		change func(*site)
	}{
		"not a key":         {"nonsense", nil},
		"another file":      {"../x/443/", nil},
		"odd node":          {fileA + "/443/12:34&x=1", nil},
		"no picture at all": {fileA + "/443/12:34", nil},
		"a web page": {fileA + "//", func(s *site) {
			s.files[fileA].Thumb, s.pictures["file"] = s.url+"/pictures/file", []byte("<html><body>Sign in</body></html>")
		}},
		"too large": {fileA + "//", func(s *site) {
			s.files[fileA].Thumb, s.pictures["file"] = s.url+"/pictures/file", png(5<<20)
		}},
		"an address inside the network": {fileA + "//", func(s *site) { s.files[fileA].Thumb = "https://169.254.169.254/latest/meta-data" }},
		"an address elsewhere":          {fileA + "//", func(s *site) { s.files[fileA].Thumb = "https://evil.example/x.png" }},
		"plain http":                    {fileA + "//", func(s *site) { s.files[fileA].Thumb = "http://s3-alpha.figma.com/x.png" }},
		"a look-alike":                  {fileA + "//", func(s *site) { s.files[fileA].Thumb = "https://s3-alpha.figma.com.evil.example/x.png" }},
		"the file is gone":              {fileB + "/443/12:34", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, "")
			c.site.save(fileA, "443", "v3", begin())
			c.site.with(func() {
				if tc.change != nil {
					tc.change(c.site)
				}
			})
			got, _, err := open(t, c, tc.key)
			if class := connectors.ClassOf(err); class != connectors.Rejected && class != connectors.Transient {
				t.Errorf("Open = %d bytes, %v, want it refused", len(got), err)
			}
		})
	}
}

// TestOpen_Grows: a picture whose size was not announced ends when it is too large.
func TestOpen_Grows(t *testing.T) {
	t.Parallel()
	c := connect(t, "")
	c.site.with(func() { c.site.files[fileA].Thumb, c.site.pictures["file"] = c.site.url+"/pictures/file", png(6<<20) })
	c.site.with(func() { c.site.chunked = true })
	got, _, err := open(t, c, fileA+"//")
	if err == nil || len(got) > 5<<20 {
		t.Errorf("Open = %d bytes, %v, want an end at 5 MiB", len(got), err)
	}
}
