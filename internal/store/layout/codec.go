package layout

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"signoff/internal/flow"
	"signoff/internal/store"
)

// ErrDamaged says that a stored value does not carry the checksum it was written with.
var ErrDamaged = errors.New("stored value is damaged")

const format = 1

// castagnoli is computed in hardware on the machines we run on.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// seal appends the checksum to a value that begins with its format byte.
func seal(b []byte) []byte { return binary.BigEndian.AppendUint32(b, checksum(b)) }

// open checks a sealed value and returns what lies between format byte and checksum.
func open(b []byte) ([]byte, error) {
	if len(b) < 5 {
		return nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(b))
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if checksum(body) != sum {
		return nil, ErrDamaged
	}
	if body[0] != format {
		return nil, fmt.Errorf("stored value has format %d, this version reads %d", body[0], format)
	}
	return body[1:], nil
}

func sealJSON(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(b)+5)
	out = append(out, format)
	return seal(append(out, b...)), nil
}

func openJSON(b []byte, into any) error {
	body, err := open(b)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// sealParts writes several parts as one value; raw bytes stay raw, for base64 inside JSON would cost a third more.
func sealParts(parts ...[]byte) []byte {
	n := 5
	for _, p := range parts {
		n += len(p) + 4
	}
	out := append(make([]byte, 0, n), format)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(p)))
		out = append(out, p...)
	}
	return seal(out)
}

// openParts reads what sealParts wrote; the parts lie in b.
func openParts(b []byte, n int) ([][]byte, error) {
	body, err := open(b)
	if err != nil {
		return nil, err
	}
	parts := make([][]byte, n)
	for i := range parts {
		if len(body) < 4 || uint64(len(body)-4) < uint64(binary.BigEndian.Uint32(body)) {
			return nil, ErrDamaged
		}
		size := binary.BigEndian.Uint32(body)
		parts[i], body = body[4:4+size], body[4+size:]
	}
	return parts, nil
}

func sealDelivery(d flow.Delivery) ([]byte, error) {
	body, learned := d.Body, d.Learned
	d.Body, d.Learned = nil, nil
	head, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return sealParts(head, body, learned), nil
}

func openDelivery(b []byte) (flow.Delivery, error) {
	var d flow.Delivery
	parts, err := openParts(b, 3)
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(parts[0], &d); err != nil {
		return d, err
	}
	d.Body, d.Learned = clone(parts[1]), clone(parts[2])
	return d, nil
}

// sealJob keeps the payload beside the rest: whoever only looks where a job stands need not read it.
func sealJob(j store.Job) ([]byte, error) {
	payload := j.Payload
	j.Payload = nil
	head, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	return sealParts(head, payload), nil
}

func openJob(b []byte) (j store.Job, err error) {
	if len(b) > 1 && b[1] == '{' { // as it was written at first
		return j, openJSON(b, &j)
	}
	parts, err := openParts(b, 2)
	if err != nil {
		return j, err
	}
	err = json.Unmarshal(parts[0], &j)
	j.Payload = clone(parts[1])
	return j, err
}

func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append([]byte(nil), b...)
}

// instant orders times from the year 1678 to 2262 as bytes; the zero time comes first.
func instant(t time.Time) []byte {
	if t.IsZero() {
		return make([]byte, 8)
	}
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())^(1<<63))
}

func instantOf(b []byte) time.Time {
	n := binary.BigEndian.Uint64(b)
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n^(1<<63))).UTC()
}

// number orders numbers as bytes.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func join(parts ...[]byte) []byte {
	var n int
	for _, p := range parts {
		n += len(p)
	}
	out := make([]byte, 0, n)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// word is s with an end mark, so that one word is never the beginning of another.
func word(s string) []byte { return append([]byte(s), 0) }
