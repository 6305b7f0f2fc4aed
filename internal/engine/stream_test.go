package engine

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"runtime"
	"testing"

	"signoff/connectors"
	"signoff/internal/flow"
)

// stretch gives n bytes made up as they are read: a block again and again, each time from another place in it.
type stretch struct {
	n, at int64
	block [4099]byte
}

func newStretch(n int64) *stretch {
	s := &stretch{n: n}
	for i := range s.block {
		s.block[i] = byte(i * 31 >> 3)
	}
	return s
}

func (s *stretch) Read(p []byte) (int, error) {
	if s.at == s.n {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.n-s.at)]
	n := copy(p, s.block[s.at%int64(len(s.block)):])
	s.at += int64(n)
	return n, nil
}

// pipe is a source and a target at once: it hashes what arrives and keeps nothing.
type pipe struct {
	size int64
	sum  hash.Hash
	got  int64
	most uint64 // of memory in use while it arrived
}

func (p *pipe) Open(context.Context, flow.Ref) (io.ReadCloser, connectors.FileMeta, error) {
	return io.NopCloser(newStretch(p.size)), connectors.FileMeta{Name: "film.mov", Size: p.size}, nil
}

func (p *pipe) Attach(_ context.Context, _ flow.Effect, _ connectors.FileMeta, body io.Reader) ([]flow.Link, error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		p.sum.Write(buf[:n])
		p.got += int64(n)
		if p.got>>24 != (p.got-int64(n))>>24 { // every 16 MiB
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			p.most = max(p.most, m.HeapAlloc)
		}
		if err == io.EOF {
			return []flow.Link{{Purpose: "file/1"}}, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// TestStream_KeepsNothing is not parallel: it measures memory.
func TestStream_KeepsNothing(t *testing.T) {
	const size = 200 << 20
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	p := &pipe{size: size, sum: sha256.New()}
	end, err := stream(t.Context(), p, p, flow.Effect{Copy: &flow.Copy{File: flow.File{Name: "film.bin"}, Limit: size}})
	if err != nil || end.fate != "" || p.got != size {
		t.Fatalf("%+v, %v after %d bytes; want all %d attached", end, err, p.got, size)
	}
	want := sha256.New()
	if _, err := io.Copy(want, newStretch(size)); err != nil {
		t.Fatal(err)
	}
	if string(want.Sum(nil)) != string(p.sum.Sum(nil)) {
		t.Error("other bytes arrived than were sent")
	}
	if grown := int64(p.most) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MiB more in use while 200 MiB went through, want at most 8", grown>>20)
	}
}
