package boltstore

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// A file of bbolt begins with two pages that say what belongs to it. The younger of those whose checksum holds counts.
const (
	metaHead   = 16 // of a page, before its content
	metaSize   = 64
	metaMagic  = 0xED0CDAED
	leastPages = 4
)

type meta struct {
	pageSize int64
	pages    int64 // the first page beyond those in use
	change   uint64
}

// readMeta reads the page at an offset; false where it is not whole.
func readMeta(f io.ReaderAt, at int64) (meta, bool) {
	var b [metaSize]byte
	if _, err := f.ReadAt(b[:], at+metaHead); err != nil {
		return meta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8]) // never fails
	le := binary.LittleEndian
	if le.Uint32(b[:]) != metaMagic || le.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{pageSize: int64(le.Uint32(b[8:])), pages: int64(le.Uint64(b[40:])), change: le.Uint64(b[48:])}, true
}

// needed returns how long the file has to be for all that belongs to it; 0 when neither page can be read, which bbolt
// finds by itself.
func needed(f io.ReaderAt) int64 {
	size := int64(os.Getpagesize())
	first, ok := readMeta(f, 0)
	if ok {
		size = first.pageSize
	}
	if second, whole := readMeta(f, size); whole && (!ok || second.change > first.change) {
		first = second
	}
	return first.pages * first.pageSize
}

// whole refuses a file that is shorter than what it holds: bbolt would open it, and fall over the missing pages later.
func whole(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	want := needed(f)
	info, err := f.Stat() // after the pages: a file in use only grows
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	if size := info.Size(); size < max(want, leastPages*int64(os.Getpagesize())) {
		return fmt.Errorf("open %s: %w: it has %d bytes of %d; restore a backup, or move it and %s.id away to begin anew", path, ErrEmptied, size, want, path)
	}
	return nil
}
